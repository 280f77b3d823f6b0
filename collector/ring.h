/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The rings between kernel and reader, one per CPU: bytes in whole records, no meaning.
 *
 * The first perf event of a CPU owns the ring's memory, all others of that CPU are
 * redirected into it. One thread reads.
 */
#ifndef FATHOM_COLLECTOR_RING_H
#define FATHOM_COLLECTOR_RING_H

#include <stddef.h>
#include <stdint.h>

struct failure;
struct rings;

/* @size: bytes of each ring, a power of two and a multiple of the page. */
int rings_new(struct rings **rings, unsigned cpus, size_t size, struct failure *f);
void rings_free(struct rings *rings); /* NULL is fine; does not close the events */

size_t rings_size(const struct rings *rings); /* of each */

/* Lets perf event @fd, opened on @cpu, write into that CPU's ring. The fd stays the
 * caller's, and must stay open as long as the rings. */
int rings_join(struct rings *rings, unsigned cpu, int fd, struct failure *f);

/* Adds any fd that ends a wait when it is readable. */
int rings_watch(struct rings *rings, int fd);

/* Waits until a ring is a quarter full, a watched fd is readable, @timeout_ms passed or
 * a signal came. Returns 0 or a negative errno other than -EINTR. */
int rings_wait(struct rings *rings, int timeout_ms);

/*
 * Hands every whole record that lies in the rings now to @consume, in chunks of at most
 * a megabyte, straight from the ring's memory; a record that wraps round the ring's end
 * comes as a copy of its own. A negative return of @consume ends the pass and is
 * returned, as is -EBADMSG for a ring that makes no sense; else 0.
 */
typedef int ring_consume(void *user, unsigned cpu, const void *records, size_t size);
int rings_drain(struct rings *rings, ring_consume *consume, void *user);

/* The ring size for @cpus CPUs: 8 MiB each, less where that would be over 1/16 of the
 * memory, never under 256 KiB. */
size_t rings_default_size(unsigned cpus);

#endif
