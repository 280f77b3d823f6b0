/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A count that goes up and down, and for how long it stood at each value: a depth. */
#ifndef FATHOM_ANALYZERS_LEVEL_H
#define FATHOM_ANALYZERS_LEVEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Zeroed but for since_ns, it stands at 0 from then on. */
struct level {
	uint64_t value;	   /* now */
	uint64_t since_ns; /* … since when */
	uint64_t max;
	uint64_t *time_at; /* ns at each value, time_at[nr_times - 1] the highest */
	size_t nr_times;
	bool out_of_memory;
};

/* Makes room for the time at value; false without memory. */
bool level_grow(struct level *l);

/* From @time_ns on it is @value; a time that is past counts as now. */
static inline void level_set(struct level *l, uint64_t time_ns, uint64_t value)
{
	if (time_ns < l->since_ns)
		time_ns = l->since_ns;
	if (l->value < l->nr_times || level_grow(l))
		l->time_at[l->value] += time_ns - l->since_ns;
	l->since_ns = time_ns;
	l->value = value;
	if (value > l->max)
		l->max = value;
}

uint64_t level_total_ns(const struct level *l);
double level_mean(const struct level *l);

/* The time spent at the values @from to @to. */
uint64_t level_time(const struct level *l, uint64_t from, uint64_t to);

void level_release(struct level *l);

#endif
