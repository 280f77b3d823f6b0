// SPDX-License-Identifier: GPL-2.0-or-later
/* One axis for the clocks of several hosts. */
#include "analyzers/timeline/axis.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/failure.h"
#include "trace/reader.h"

#define NS_PER_S 1000000000LL

int axis_clock_info(struct axis_clock *c, const struct trace_info *info)
{
	c->hostname = strdup(info->hostname);
	c->clockid = info->clockid;
	c->has_wall = info->has_wall_clock;
	c->wall_minus_own_ns = (int64_t)(info->wall_ns - info->clock_ns);
	return c->hostname ? 0 : -ENOMEM;
}

int axis_clock_sync(struct axis_clock *c, const struct clock_sync *sync)
{
	struct clock_sync *syncs;

	if (c->nr_syncs == AXIS_SYNCS_MAX)
		return 0;
	syncs = reallocarray(c->syncs, c->nr_syncs + 1, sizeof(*syncs));
	if (!syncs)
		return -ENOMEM;
	c->syncs = syncs;
	syncs[c->nr_syncs++] = *sync;
	return 0;
}

static int add_point(struct axis_clock *c, struct axis_point point)
{
	struct axis_point *points =
		reallocarray(c->points, c->nr_points + 1, sizeof(*points));

	if (!points)
		return -ENOMEM;
	c->points = points;
	points[c->nr_points++] = point;
	if (point.error_ns > c->error_ns)
		c->error_ns = point.error_ns;
	return 0;
}

static bool tells_session(const struct axis_clock *c, uint64_t session)
{
	for (size_t i = 0; i < c->nr_syncs; i++)
		if (c->syncs[i].session == session)
			return true;
	return false;
}

static uint64_t added(uint64_t a, uint64_t b)
{
	return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* a - b, which wraps: a trace may say anything. */
static int64_t minus(int64_t a, int64_t b)
{
	return (int64_t)((uint64_t)a - (uint64_t)b);
}

/* Time runs from one point to the next, on both clocks. */
static bool follows(const struct axis_point *point, const struct axis_point *before)
{
	return point->own_ns > before->own_ns && point->axis_ns >= before->axis_ns;
}

/* Through @peer, which is on the axis. 1: there are such comparisons; 0: none. */
static int align_by_sync(struct axis_clock *c, const struct axis_clock *peer)
{
	for (size_t i = 0; i < c->nr_syncs; i++) {
		const struct clock_sync *sync = &c->syncs[i];
		uint64_t there = sync->time_ns + (uint64_t)sync->offset_ns;
		struct axis_point point = {
			.own_ns = sync->time_ns,
			.axis_ns = axis_time(peer, there),
			.error_ns = added(sync->error_ns, peer->error_ns),
		};

		if (!tells_session(peer, sync->session))
			continue;
		if (c->nr_points && !follows(&point, &c->points[c->nr_points - 1]))
			continue;
		if (add_point(c, point))
			return -ENOMEM;
	}
	return c->nr_points != 0;
}

/* Monotonic clocks of one boot differ from the wall clock by the same, but for what NTP
 * did meanwhile. */
static bool same_boot(const struct axis_clock *a, const struct axis_clock *b)
{
	int64_t apart = minus(a->wall_minus_own_ns, b->wall_minus_own_ns);

	return a->has_wall && b->has_wall && a->clockid == b->clockid && *a->hostname &&
	       !strcmp(a->hostname, b->hostname) && apart < NS_PER_S && apart > -NS_PER_S;
}

static int align_by_wall(struct axis_clock *c, const struct axis_clock *first)
{
	bool same = same_boot(c, first);
	int64_t ahead = same ? 0 : minus(c->wall_minus_own_ns, first->wall_minus_own_ns);
	struct axis_point point = {
		.own_ns = ahead < 0 ? -(uint64_t)ahead : 0,
		.axis_ns = ahead > 0 ? (uint64_t)ahead : 0,
		.error_ns = same ? 0 : UINT64_MAX,
	};

	c->how = same ? AXIS_OWN : AXIS_WALL;
	return add_point(c, point);
}

static int align(struct axis_clock *clocks, size_t number, struct failure *f)
{
	struct axis_clock *c = &clocks[number];

	if (same_boot(c, &clocks[0]))
		return align_by_wall(c, &clocks[0]);
	for (size_t i = 0; i < number; i++) {
		int err = align_by_sync(c, &clocks[i]);

		if (err < 0)
			return err;
		if (err) {
			c->how = AXIS_SYNC;
			c->by = i;
			return 0;
		}
	}
	if (c->has_wall && clocks[0].has_wall)
		return align_by_wall(c, &clocks[0]);
	return fail(f, -EINVAL,
		    "its clock cannot be compared: there is no fathom:clock_sync of a "
		    "session that an earlier trace tells of, and %s does not tell the "
		    "wall clock (fathom record does; perf record -k CLOCK_MONOTONIC)",
		    c->has_wall ? "the first" : "it");
}

int axis_align(struct axis_clock *clocks, size_t count, size_t *failed, struct failure *f)
{
	for (size_t i = 0; i < count; i++) {
		int err = i ? align(clocks, i, f)
			    : add_point(&clocks[0], (struct axis_point){0});

		*failed = i;
		if (err)
			return err == -ENOMEM ? fail(f, err, "no memory") : err;
	}
	return 0;
}

uint64_t axis_time(const struct axis_clock *c, uint64_t own_ns)
{
	const struct axis_point *p = c->points, *end = c->points + c->nr_points - 1;
	unsigned __int128 way;

	while (p < end && p[1].own_ns <= own_ns)
		p++;
	if (own_ns < p->own_ns)
		return p->axis_ns - least(p->axis_ns, p->own_ns - own_ns);
	if (p == end)
		return added(p->axis_ns, own_ns - p->own_ns);
	way = (unsigned __int128)(p[1].axis_ns - p->axis_ns) * (own_ns - p->own_ns);
	return p->axis_ns + (uint64_t)(way / (p[1].own_ns - p->own_ns));
}

uint64_t axis_wall_time(const struct axis_clock *c, uint64_t wall_ns)
{
	return axis_time(c, wall_ns - (uint64_t)c->wall_minus_own_ns);
}

void axis_clock_release(struct axis_clock *c)
{
	free(c->points);
	free(c->syncs);
	free(c->hostname);
	c->points = NULL;
	c->syncs = NULL;
	c->hostname = NULL;
}
