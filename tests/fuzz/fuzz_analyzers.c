// SPDX-License-Identifier: GPL-2.0-or-later
/* Fuzz target: any bytes as a trace of requests and of polling, through every analyzer.
 * What they find is printed too, to nowhere. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "analyzers/depth.h"
#include "analyzers/latency.h"
#include "analyzers/poll.h"
#include "analyzers/requests_print.h"
#include "analyzers/what_if/what_if.h"
#include "core/command.h"
#include "core/failure.h"
#include "core/units.h"

/* libtraceevent forgets a few bytes when it gives up on a format. */
const char *__lsan_default_suppressions(void);

const char *__lsan_default_suppressions(void)
{
	return "leak:libtraceevent.so";
}

static const struct model_options model = {.which = "fathom"};

/* Whoever hears of stages makes the pairing look for them. */
static void hear(void *state, const struct request *r, unsigned stage, bool leaves,
		 const struct event *event)
{
	(void)state;
	if (stage || leaves || r->submit_ns > event->time_ns)
		abort();
}

static const struct request_listener stages = {.stage = hear};

struct answers {
	struct requests requests;
	struct latency latency;
	struct latency_intervals series;
	struct depth depth;
	struct poll poll;
	struct what_if what_if;
};

static int print(struct answers *a)
{
	const struct requests *r = &a->requests;

	if (r->events != 2 * r->requests + r->unmatched.completes + r->unmatched.submits +
				 r->unmatched.reused + r->unmatched.skipped)
		abort();
	if (r->last_ns < r->first_ns || a->poll.last_ns < a->poll.first_ns)
		abort();
	if (a->latency.out_of_memory || !depth_is_whole(&a->depth))
		return 0;
	if (a->series.intervals.rows &&
	    intervals_end(&a->series.intervals, "p99", time_text, requests_json(r)))
		abort();
	latency_print_text(&a->latency);
	latency_print_json(&a->latency);
	depth_print_text(&a->depth);
	depth_print_csv(&a->depth);
	depth_print_json(&a->depth);
	what_if_print_text(&a->what_if);
	what_if_print_csv(&a->what_if);
	what_if_print_json(&a->what_if);
	poll_print_text(&a->poll);
	poll_print_csv(&a->poll);
	return poll_print_json(&a->poll);
}

/* By what requests are grouped, and whether from their begin on. */
static void choose_groups(struct grouping *g, size_t size)
{
	static const char *const words[] = {NULL, "size,op", "depth,op", "thread"};

	g->by = words[size % 4];
	g->is_early = g->by && size % 8 >= 4;
}

static void answer(struct trace *trace, size_t size)
{
	struct answers *a = calloc(1, sizeof(*a));
	struct failure f = {""};
	struct analysis analyses[3];

	if (!a)
		abort();
	a->requests.options = a->poll.options = a->what_if.options = &model;
	choose_groups(&a->requests.grouping, size);
	a->what_if.setup.limits_ns[0] = 32768;
	a->what_if.setup.nr_limits = 1;
	a->latency.requests = a->depth.requests = a->series.requests = &a->requests;
	a->series.intervals.length_ns = 1 + size % 1000 * size;
	a->series.intervals.form = (enum interval_form)(size % 3);
	latency_intervals_init(&a->series);
	analyses[0] = (struct analysis){&requests_analyzer, &a->requests};
	analyses[1] = (struct analysis){&poll_analyzer, &a->poll};
	analyses[2] = (struct analysis){&what_if_analyzer, &a->what_if};
	requests_listen(&a->requests, &latency_listener, &a->latency);
	requests_listen(&a->requests, &depth_listener, &a->depth);
	requests_listen(&a->requests, &stages, NULL);
	requests_listen(&a->requests, &latency_intervals_listener, &a->series);
	if (!analyze(trace, analyses, 3, &f))
		print(a);
	else if (!*f.text)
		abort();
	latency_release(&a->latency);
	latency_intervals_release(&a->series);
	depth_release(&a->depth);
	requests_release(&a->requests);
	poll_release(&a->poll);
	what_if_release(&a->what_if);
	free(a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int fd = memfd_create("trace", MFD_CLOEXEC);
	struct trace *trace;
	struct failure f;
	char path[32];
	static bool quiet;

	if (!quiet && !freopen("/dev/null", "w", stdout))
		abort();
	quiet = true;
	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (!trace_open(&trace, path, &f)) {
		answer(trace, size);
		trace_close(trace);
	}
	close(fd);
	return 0;
}
