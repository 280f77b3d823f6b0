/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The perf events behind a recording: one per event of the plan, CPU and, where the
 * backend needs it, thread. struct perf_event_attr is filled here and nowhere else.
 */
#ifndef FATHOM_COLLECTOR_COUNTER_H
#define FATHOM_COLLECTOR_COUNTER_H

#include <linux/perf_event.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct failure;
struct rings;

/* One perf event. */
struct counter {
	int fd;
	unsigned event; /* of the plan */
	unsigned cpu;
	uint64_t id;   /* what its samples carry */
	uint64_t lost; /* after counters_read_lost() */
};

struct counters {
	struct counter *items;
	size_t count;
	unsigned nr_events;
	bool exact_losses; /* the kernel counts lost records per counter (6.0) */
};

/* The event number of counters that carry the side-band alone: names of threads, forks
 * and mappings. Their ids are listed with event 0's. */
enum { COUNTER_SIDEBAND = 0x7fffffff };

/* What to open. */
struct counter_choice {
	bool sideband; /* the side-band goes with it */
	uint32_t type;
	uint64_t config;
	bool inherit;	   /* children of the thread too */
	bool threads_only; /* … but not other processes (5.13) */
	bool on_exec;	   /* asleep until the thread calls exec */
	size_t ring_size;
};

/* The attr of one of @nr_events; samples name their event if there are several. */
void counter_attr(struct perf_event_attr *attr, const struct counter_choice *choice,
		  unsigned nr_events);

/*
 * Opens @event on @cpu for thread @tid (-1 all) and joins it to that CPU's ring.
 * Learns by trying what the kernel can. -EMFILE says how the limit can be raised.
 */
int counters_open(struct counters *counters, struct rings *rings,
		  const struct counter_choice *choice, unsigned event, pid_t tid,
		  unsigned cpu, struct failure *f);

int counters_enable(const struct counters *counters, struct failure *f);
int counters_enable_sideband(const struct counters *counters, struct failure *f);
void counters_disable(const struct counters *counters);

/* The ids of @event, in an array to be freed; NULL without memory. */
uint64_t *counters_ids(const struct counters *counters, unsigned event, size_t *count);

/* Reads how many records each counter could not write. */
void counters_read_lost(struct counters *counters);

void counters_close(struct counters *counters);

/* Closes many fds from many threads: BPF links then share the kernel's grace periods.
 * Perf events of uprobes do not (Linux 6.18 waits under its event_mutex). */
void close_in_parallel(const int *fds, size_t count);

/* Raises the soft limit of open files so that @more fit, or as far as it goes. 0, or
 * -EMFILE: the hard limit is lower. */
int allow_open_files(size_t more, struct failure *f);

#endif
