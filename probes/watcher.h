/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Watches the workers of a group from the main thread: samples their rates, passes on
 * that the run is to stop, and tells run->watch how far it is.
 */
#ifndef FATHOM_PROBES_WATCHER_H
#define FATHOM_PROBES_WATCHER_H

#include <stddef.h>

struct run;
struct watcher;
struct worker;

/* NULL without memory. */
struct watcher *watcher_new(struct run *run, struct worker *workers, size_t count);
void watcher_free(struct watcher *watcher); /* NULL is fine */

/* Time begins now, for the first @count of the workers; the others have no thread. */
void watcher_begin(struct watcher *watcher, size_t count);

/* Watches until the threads have ended. */
void watcher_join(struct watcher *watcher);

#endif
