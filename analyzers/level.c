// SPDX-License-Identifier: GPL-2.0-or-later
/* A count that goes up and down, and for how long it stood at each value. */
#include "analyzers/level.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_VALUES = 256 };

static bool make_room(struct level *l)
{
	size_t nr = l->nr_times ? l->nr_times : FIRST_VALUES;
	uint64_t *times;

	if (l->value < l->nr_times)
		return true;
	while (nr <= l->value)
		nr *= 2;
	times = realloc(l->time_at, nr * sizeof(*times));
	if (!times)
		return false;
	memset(times + l->nr_times, 0, (nr - l->nr_times) * sizeof(*times));
	l->time_at = times;
	l->nr_times = nr;
	return true;
}

void level_set(struct level *l, uint64_t time_ns, uint64_t value)
{
	if (time_ns < l->since_ns)
		time_ns = l->since_ns;
	if (make_room(l))
		l->time_at[l->value] += time_ns - l->since_ns;
	else
		l->out_of_memory = true;
	l->since_ns = time_ns;
	l->value = value;
	if (value > l->max)
		l->max = value;
}

uint64_t level_time(const struct level *l, uint64_t from, uint64_t to)
{
	uint64_t time = 0;

	for (uint64_t i = from; i <= to && i < l->nr_times; i++)
		time += l->time_at[i];
	return time;
}

uint64_t level_total_ns(const struct level *l)
{
	return level_time(l, 0, UINT64_MAX);
}

double level_mean(const struct level *l)
{
	uint64_t total = level_total_ns(l);
	double area = 0;

	for (size_t i = 0; i < l->nr_times; i++)
		area += (double)i * (double)l->time_at[i];
	return total ? area / (double)total : 0;
}

void level_release(struct level *l)
{
	free(l->time_at);
}
