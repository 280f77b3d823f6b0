// SPDX-License-Identifier: GPL-2.0-or-later
/* A model, given as text, at work on events made by hand. */
#include "model_bed.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/failure.h"
#include "unit.h"

void model_bed_open(struct model_bed *b, const char *model, uint32_t in_flight_max,
		    const struct request_listener *listener, void *state)
{
	struct failure f = {""};
	int fd;

	memset(b, 0, sizeof(*b));
	strcpy(b->path, "/tmp/fathom-bed-XXXXXX.model");
	fd = mkstemps(b->path, 6);
	assert_int_equal(write(fd, model, strlen(model)), strlen(model));
	close(fd);
	b->options.which = b->path;
	b->requests.options = &b->options;
	b->requests.in_flight_max = in_flight_max;
	if (listener)
		requests_listen(&b->requests, listener, state);
	if (requests_analyzer.begin(&b->requests, NULL, &f))
		fail_msg("%s", f.text);
	unlink(b->path);
}

unsigned model_bed_type(struct model_bed *b, const char *name, const char *arguments)
{
	struct failure f = {""};
	unsigned i = b->nr_types++;
	int wanted;

	assert_true(i < BED_TYPES);
	make_type(&b->types[i], i, name, arguments);
	wanted = requests_analyzer.type(&b->requests, &b->types[i].type, &f);
	if (wanted < 0)
		fail_msg("%s", f.text);
	b->wanted[i] = wanted;
	return i;
}

void model_bed_event(struct model_bed *b, unsigned type, uint64_t time_ns, int32_t tid,
		     const int64_t *values)
{
	struct event event = make_event(&b->types[type], time_ns, 1, values);
	struct failure f = {""};

	event.tid = tid;
	if (b->wanted[type] && requests_analyzer.event(&b->requests, &event, &f))
		fail_msg("%s", f.text);
}

void model_bed_loss(struct model_bed *b, uint64_t count)
{
	struct loss loss = {.count = count, .cpu = UINT32_MAX};
	struct failure f = {""};

	assert_int_equal(requests_analyzer.loss(&b->requests, &loss, &f), 0);
}

void model_bed_end(struct model_bed *b)
{
	struct requests *r = &b->requests;

	b->has_ended = true;
	requests_analyzer.end(r);
	assert_int_equal(r->events, 2 * r->requests + r->unmatched.completes +
					    r->unmatched.reused + r->unmatched.submits +
					    r->unmatched.skipped);
}

void model_bed_close(struct model_bed *b)
{
	if (!b->has_ended)
		model_bed_end(b);
	for (unsigned i = 0; i < b->nr_types; i++)
		made_type_release(&b->types[i]);
	requests_release(&b->requests);
}
