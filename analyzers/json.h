/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How every analyzer ends its --json. */
#ifndef FATHOM_ANALYZERS_JSON_H
#define FATHOM_ANALYZERS_JSON_H

#include <jansson.h>

/*
 * Prints @all, and a newline, to stdout and drops it. Returns -ENOMEM when it is NULL:
 * jansson makes NULL of whatever it could not allocate. A failed write is found and
 * told by main().
 */
int json_print(json_t *all);

#endif
