// SPDX-License-Identifier: GPL-2.0-or-later
/* Prints the ways that requests took through the stages of a model, and how many took
 * each: sequences TRACE MODEL. "404 read block io_uring reaped answer" */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyzers/analyzer.h"
#include "core/failure.h"
#include "trace/reader.h"
#include "trace/requests/requests.h"

enum { WAYS_MAX = 4096, STEPS_MAX = 1024 };

/* The steps of a request in flight, by its index. */
struct way {
	char steps[STEPS_MAX];
};

static struct requests requests;
static struct way *under_way;
static size_t nr_under_way;
static struct {
	char *way;
	unsigned count;
} ways[WAYS_MAX];
static size_t nr_ways;

static char *steps_of(const struct request *r)
{
	size_t index = inflight_index(&requests.in_flight, r);

	while (index >= nr_under_way) {
		size_t more = nr_under_way ? 2 * nr_under_way : 64;

		under_way = realloc(under_way, more * sizeof(*under_way));
		if (!under_way)
			abort();
		memset(under_way + nr_under_way, 0,
		       (more - nr_under_way) * sizeof(*under_way));
		nr_under_way = more;
	}
	return under_way[index].steps;
}

static void begin(void *state, const struct request *r)
{
	(void)state;
	*steps_of(r) = 0;
}

static void stage(void *state, const struct request *r, unsigned number, bool leaves,
		  const struct event *event)
{
	char *steps = steps_of(r);
	size_t used = strlen(steps);

	(void)state;
	(void)event;
	snprintf(steps + used, STEPS_MAX - used, " %s%s", leaves ? "-" : "",
		 requests.model->stages[number]);
}

static void end(void *state, const struct request *r)
{
	char way[STEPS_MAX + 64];
	size_t i = 0;

	(void)state;
	snprintf(way, sizeof(way), "%s%s", requests_op_word(&requests, r->op),
		 steps_of(r));
	while (i < nr_ways && strcmp(ways[i].way, way) != 0)
		i++;
	if (i == WAYS_MAX)
		return;
	if (i == nr_ways)
		ways[nr_ways++].way = strdup(way);
	ways[i].count++;
}

static const struct request_listener listener = {
	.begin = begin, .stage = stage, .end = end};

int main(int argc, char **argv)
{
	struct model_options options = {.which = argc == 3 ? argv[2] : NULL};
	struct analysis analysis = {&requests_analyzer, &requests};
	struct failure f = {""};
	struct trace *trace;

	requests.options = &options;
	requests_listen(&requests, &listener, NULL);
	if (argc != 3 || trace_open(&trace, argv[1], &f) ||
	    analyze(trace, &analysis, 1, &f)) {
		fprintf(stderr, "%s\n", f.text);
		return 1;
	}
	for (size_t i = 0; i < nr_ways; i++) {
		printf("%u %s\n", ways[i].count, ways[i].way);
		free(ways[i].way);
	}
	for (size_t i = 0; i < requests.model->nr_stages; i++)
		if (requests.stages[i].missed)
			printf("%llu missed %s\n",
			       (unsigned long long)requests.stages[i].missed,
			       requests.model->stages[i]);
	requests_release(&requests);
	trace_close(trace);
	free(under_way);
	return 0;
}
