// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Writes a trace of made-up requests with the writer, as the bpf backend would.
 *
 *	make_trace [-e EVENTS] [-c CPUS] [-r EVENTS_PER_ROUND] [-z LEVEL] [-1klpsw] FILE
 *
 * Each CPU submits and completes requests; -1 leaves the completions out, so that
 * there is a single event and the records need no id. -k kills itself instead of
 * closing the file. -s makes FILE a stream, as it comes through a pipe. -l adds a gap
 * of LOST_COUNT records to the first round of each CPU. -p makes windows of polling
 * instead of requests. -w lets every 501st thing of a CPU wait before it ends.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/failure.h"
#include "maker.h"

enum { LOST_COUNT = 17 };

static const uint64_t first_ns = 1000000000, step_ns = 500;

struct recipe {
	struct maker maker;
	uint64_t events;
	unsigned per_round;
	int level;
	bool single, killed, stream, lossy, polling, waiting;
	const char *path;
};

static void die(const struct failure *f)
{
	fprintf(stderr, "make_trace: %s\n", f->text);
	exit(1);
}

/* The n-th event of @cpu: submits and completes take turns unless there is one event. */
static size_t make_record(uint8_t *record, const struct recipe *r, unsigned cpu,
			  uint64_t n)
{
	bool complete = !r->single && n % 2;
	uint64_t request = r->single ? n : n / 2;
	unsigned cpus = r->maker.cpus;
	struct maker_hit hit = {
		.event = complete,
		.cpu = cpu,
		.tid = (int)(MAKER_PID + cpu),
		.time_ns = first_ns + n * step_ns + cpu * step_ns / cpus,
		.values = {request * cpus + cpu},
	};

	if (r->waiting)
		hit.time_ns += (n + 1) / 1002 * 40 * step_ns;
	if (r->polling) {
		hit.values[0] = cpu;
		hit.values[1] = complete ? n % 4 == 3 : 32000;
		hit.values[2] = step_ns;
	} else if (complete) {
		hit.values[1] = 4096;
		hit.values[2] = 1;
	} else {
		hit.values[1] = 3;
		hit.values[2] = request % 4 == 3;
		hit.values[3] = request * 2654435761U % (1 << 20) * 4096;
		hit.values[4] = 4096;
		hit.values[5] = 1;
	}
	return maker_sample(&r->maker, record, &hit);
}

static size_t make_comm(uint8_t *record, const struct recipe *r, unsigned cpu)
{
	char name[32];

	snprintf(name, sizeof(name), "worker %u", cpu);
	return maker_comm(&r->maker, record, (int)(MAKER_PID + cpu), name, first_ns - 1);
}

static int write_events(const struct recipe *r, struct trace_writer *writer,
			struct failure *f)
{
	uint64_t per_cpu = r->events / r->maker.cpus;
	uint8_t *buffer = malloc((size_t)(r->per_round + 2) * MAKER_RECORD_MAX);
	int err = 0;

	for (uint64_t from = 0; from < per_cpu && !err; from += r->per_round) {
		for (unsigned cpu = 0; cpu < r->maker.cpus && !err; cpu++) {
			size_t size = from ? 0 : make_comm(buffer, r, cpu);

			for (uint64_t n = from; n < per_cpu && n < from + r->per_round;
			     n++)
				size += make_record(buffer + size, r, cpu, n);
			if (r->lossy && !from)
				size += maker_lost(&r->maker, buffer + size, cpu,
						   LOST_COUNT, -1, first_ns + step_ns);
			err = writer_data(writer, buffer, size, f);
		}
		if (!err)
			err = writer_round(writer, f);
	}
	free(buffer);
	return err;
}

static bool parse(struct recipe *r, int argc, char **argv)
{
	int option;

	while ((option = getopt(argc, argv, "e:c:r:z:1klpsw")) != -1) {
		switch (option) {
		case 'e':
			r->events = strtoull(optarg, NULL, 0);
			break;
		case 'c':
			r->maker.cpus = (unsigned)atoi(optarg);
			break;
		case 'r':
			r->per_round = (unsigned)atoi(optarg);
			break;
		case 'z':
			r->level = atoi(optarg);
			break;
		case '1':
			r->single = true;
			break;
		case 'k':
			r->killed = true;
			break;
		case 'l':
			r->lossy = true;
			break;
		case 'p':
			r->polling = true;
			break;
		case 'w':
			r->waiting = true;
			break;
		case 's':
			r->stream = true;
			break;
		default:
			return false;
		}
	}
	r->path = argv[optind];
	return optind + 1 == argc && r->maker.cpus && r->maker.cpus <= MAKER_CPUS_MAX &&
	       r->per_round;
}

static void add_events(struct recipe *r)
{
	if (r->polling) {
		maker_add(&r->maker, "poll_begin", "u32 loop;u64 budget_ns");
		maker_add(&r->maker, "poll_end", "u32 loop;u8 progress;u64 elapsed_ns");
		return;
	}
	maker_add(&r->maker, "submit",
		  "u64 id;s32 fd;u8(0=read,1=write) op;u64 offset;u32 length;u32 depth");
	if (!r->single)
		maker_add(&r->maker, "complete", "u64 id;s64 result;u32 depth");
}

int main(int argc, char **argv)
{
	struct recipe r = {.events = 1000, .maker.cpus = 2, .per_round = 10000};
	struct trace_writer *writer;
	struct failure f;

	if (!parse(&r, argc, argv))
		return 2;
	add_events(&r);
	if (r.stream && !freopen(r.path, "w", stdout))
		return 1;
	writer = maker_open(&r.maker, r.stream ? "-" : r.path, r.level, &f);
	if (!writer)
		die(&f);
	write_events(&r, writer, &f);
	if (r.killed)
		kill(getpid(), SIGKILL);
	if (writer_close(writer, &f))
		die(&f);
	maker_release(&r.maker);
	return 0;
}
