/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A file read in a thread of its own, some pieces ahead of who uses them: the copy out of
 * the page cache is a sixth of what a fast analyzer takes, and a disk waits for nobody.
 *
 * The user gives buffers and takes them back filled, in the same order. One thread gives
 * and takes.
 */
#ifndef FATHOM_TRACE_READ_AHEAD_H
#define FATHOM_TRACE_READ_AHEAD_H

#include <stddef.h>
#include <sys/types.h>

#include "trace/input.h"

enum { READ_AHEAD_PIECES = 8 };

struct read_ahead;

/* Begins to read what is left of @in, a file, as soon as buffers of @size bytes are
 * given. NULL: no memory or no thread; then read without. @in is copied and stays open.
 */
struct read_ahead *read_ahead_start(const struct input *in, size_t size);

/* Another buffer, whose owner is the user again when it is taken, or after stop. At most
 * READ_AHEAD_PIECES are given and not taken. */
void read_ahead_give(struct read_ahead *a, void *buffer);

/* Waits for the oldest buffer that was given, and there is one: how many bytes it holds;
 * 0 at the end of the file, or a negative errno. */
ssize_t read_ahead_take(struct read_ahead *a);

/* Ends the thread. NULL is fine. */
void read_ahead_stop(struct read_ahead *a);

#endif
