// SPDX-License-Identifier: GPL-2.0-or-later
/* A count that goes up and down, and for how long it stood at each value. */
#include "analyzers/level.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_VALUES = 256 };

bool level_grow(struct level *l)
{
	size_t nr = l->nr_times ? l->nr_times : FIRST_VALUES;
	uint64_t *times;

	while (nr <= l->value)
		nr *= 2;
	times = realloc(l->time_at, nr * sizeof(*times));
	if (!times) {
		l->out_of_memory = true;
		return false;
	}
	memset(times + l->nr_times, 0, (nr - l->nr_times) * sizeof(*times));
	l->time_at = times;
	l->nr_times = nr;
	return true;
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
