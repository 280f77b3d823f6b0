/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Event formats that are fit for libtraceevent.
 *
 * libtraceevent was written for the kernel's own text and crashes on other text (a
 * single changed byte is enough), but a trace may come from anyone. So a format is
 * checked against a grammar first, and only what follows it is handed on.
 */
#ifndef FATHOM_TRACE_FORMAT_CHECK_H
#define FATHOM_TRACE_FORMAT_CHECK_H

#include <stddef.h>

/*
 * Returns the format in its plainest form, to be freed, or NULL if its fields cannot be
 * understood (or without memory). A print fmt that goes beyond the grammar is replaced
 * by an empty one.
 */
char *format_check(const char *text, size_t size);

#endif
