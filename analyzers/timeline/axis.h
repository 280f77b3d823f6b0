/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One axis for the clocks of several hosts: that of the first trace.
 *
 * A clock is laid on the axis by points at which both are known, and by straight lines
 * between them, since clocks drift; before the first and behind the last the nearest
 * point holds. Best first, a trace is aligned because
 *
 *   own    it is the first, or was recorded on the same host since it was booted
 *   sync   an agent and its master compared their clocks (fathom:clock_sync) and both
 *          traces tell of the same session: the error is known
 *   wall   both know the wall clock of their hosts: the error is how far those are apart,
 *          which nobody knows
 */
#ifndef FATHOM_ANALYZERS_TIMELINE_AXIS_H
#define FATHOM_ANALYZERS_TIMELINE_AXIS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct failure;
struct trace_info;

/* One comparison of clocks, as a trace tells it. */
struct clock_sync {
	uint64_t time_ns; /* on the trace's clock */
	uint64_t session;
	int64_t offset_ns; /* the peer's clock minus the trace's */
	uint64_t error_ns;
};

enum axis_how { AXIS_OWN, AXIS_SYNC, AXIS_WALL };

/* A moment by the clock and on the axis. */
struct axis_point {
	uint64_t own_ns, axis_ns;
	uint64_t error_ns;
};

enum { AXIS_SYNCS_MAX = 1024, AXIS_CLOCKS_MAX = 32 };

/* A clock on the axis; zeroed in the beginning. */
struct axis_clock {
	enum axis_how how;
	struct axis_point *points; /* at least one, by own_ns */
	size_t nr_points;
	uint64_t error_ns; /* the largest; UINT64_MAX: nobody knows */

	/* What is known of it. */
	struct clock_sync *syncs;
	size_t nr_syncs;
	char *hostname; /* NULL or "": unknown */
	int clockid;	/* -1 unknown */
	bool has_wall;
	int64_t wall_minus_own_ns;
	size_t by; /* AXIS_SYNC: through the clock with this number */
};

/* Notes what a trace tells of its clock. 0 or -ENOMEM. */
int axis_clock_info(struct axis_clock *c, const struct trace_info *info);

/* 0, or -ENOMEM; more than AXIS_SYNCS_MAX are passed over. */
int axis_clock_sync(struct axis_clock *c, const struct clock_sync *sync);

/* Lays @count clocks on the axis of the first. -EINVAL: @failed cannot be, and @f says
 * why. */
int axis_align(struct axis_clock *clocks, size_t count, size_t *failed,
	       struct failure *f);

/* A time of the clock on the axis; never runs back. What would be before 0 is at 0. */
uint64_t axis_time(const struct axis_clock *c, uint64_t own_ns);

/* A wall-clock time of the clock's host, on the axis. */
uint64_t axis_wall_time(const struct axis_clock *c, uint64_t wall_ns);

void axis_clock_release(struct axis_clock *c);

#endif
