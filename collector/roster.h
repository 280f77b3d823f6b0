/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who is there: the threads that run, with their names, and what their processes have
 * mapped, as far as the records that a flight recorder has forgotten told of it.
 *
 * It grows with the threads that run at a time, not with those that ever ran.
 */
#ifndef FATHOM_COLLECTOR_ROSTER_H
#define FATHOM_COLLECTOR_ROSTER_H

#include <stddef.h>
#include <stdint.h>

struct failure;
struct roster;
struct sideband;

struct roster *roster_new(void);    /* NULL without memory */
void roster_free(struct roster *r); /* NULL is fine */

/* Takes in a whole record of @time_ns that is to be forgotten; of interest are COMM,
 * FORK, EXIT and MMAP2. They need not come in the order of time. 0 or -ENOMEM. */
int roster_add(struct roster *r, const void *record, uint64_t time_ns);

/* None older than @time_ns will come: those that are take effect. 0 or -ENOMEM. */
int roster_settle(struct roster *r, uint64_t time_ns);

/* Writes records that tell the same, of time 0, and behind them those that have not
 * taken effect as yet. */
int roster_write(const struct roster *r, const struct sideband *to, struct failure *f);

size_t roster_threads(const struct roster *r); /* how many it knows */

#endif
