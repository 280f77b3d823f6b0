// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fathom poll --what-if.
 *
 * A replay needs to know what a wake-up takes before it begins, and a trace is read once.
 * So the first facts (waits, requests, what the events were) are kept, some megabytes of
 * them; when there are enough, or at the end, the wake-up is estimated, they are
 * replayed, and what follows is replayed as it comes.
 */
#include "analyzers/what_if/what_if.h"

#include <errno.h>
#include <stdlib.h>

#include "core/failure.h"

enum fact_kind { FACT_WAIT, FACT_REQUEST, FACT_SOURCES };

struct what_if_fact {
	enum fact_kind kind;
	unsigned sources;
	size_t loop;
	union {
		struct traced_wait wait;
		struct round_request request;
	};
};

/* Of a loop in a trace without gaps that keeps its depth, all between a submit and its
 * complete is known. */
static unsigned depth_of(struct what_if *w, size_t index)
{
	unsigned depth = waits_kept_depth(w->waits.loops[index]);

	if (w->lost || depth < 2 || depth > REPLAY_DEPTH_MAX || !w->waits.tells_sleeps)
		return 1;
	return depth;
}

static void replay_fact(struct what_if *w, const struct what_if_fact *fact)
{
	int err = 0;

	switch (fact->kind) {
	case FACT_WAIT:
		err = rounds_wait(&w->rounds, fact->loop, depth_of(w, fact->loop),
				  &fact->wait);
		break;
	case FACT_REQUEST:
		err = rounds_request(&w->rounds, fact->loop, &fact->request);
		break;
	case FACT_SOURCES:
		rounds_sources(&w->rounds, fact->loop, fact->sources);
		break;
	}
	w->out_of_memory |= err != 0;
}

static int estimate(struct what_if *w)
{
	struct traced_wait *waits = calloc(WHAT_IF_PROLOGUE, sizeof(*waits));
	size_t nr = 0;
	int err;

	if (!waits)
		return -ENOMEM;
	for (size_t i = 0; i < w->nr_prologue; i++)
		if (w->prologue[i].kind == FACT_WAIT)
			waits[nr++] = w->prologue[i].wait;
	err = wakeup_estimate(&w->wakeup, waits, nr);
	free(waits);
	return err;
}

static void end_prologue(struct what_if *w)
{
	int err = 0;

	w->knows = true;
	if (w->setup.wake_ns)
		w->wakeup = (struct wakeup){w->setup.wake_ns, WAKEUP_GIVEN, 0};
	else
		err = estimate(w);
	w->setup.wake_ns = w->wakeup.ns;
	if (!err)
		err = replay_init(&w->replay, &w->setup);
	w->out_of_memory |= err != 0;
	for (size_t i = 0; !w->out_of_memory && i < w->nr_prologue; i++)
		replay_fact(w, &w->prologue[i]);
	free(w->prologue);
	w->prologue = NULL;
}

static void take(struct what_if *w, const struct what_if_fact *fact)
{
	if (w->out_of_memory)
		return;
	if (w->knows) {
		replay_fact(w, fact);
		return;
	}
	w->prologue[w->nr_prologue++] = *fact;
	if (w->nr_prologue == WHAT_IF_PROLOGUE)
		end_prologue(w);
}

/* What the waits and the requests tell */

static void wait_ended(void *state, size_t loop, const struct traced_wait *wait)
{
	take(state, &(struct what_if_fact){FACT_WAIT, .loop = loop, .wait = *wait});
}

static void sources_known(void *state, size_t loop, unsigned sources)
{
	take(state,
	     &(struct what_if_fact){FACT_SOURCES, .loop = loop, .sources = sources});
}

static const struct wait_listener wait_listener = {
	.ended = wait_ended,
	.sources = sources_known,
};

/* In the thread of the event that the waits were told last. */
static void request_ended(void *state, const struct request *r)
{
	struct what_if *w = state;
	struct what_if_fact fact = {.kind = FACT_REQUEST, .loop = w->waits.last};

	if (w->waits.last >= w->waits.nr_loops)
		return;
	fact.request = (struct round_request){
		.submit_ns = r->submit_ns,
		.complete_ns = r->complete_ns,
		.waited = waits_note_complete(&w->waits, r->op),
		.source = r->op % POLL_SOURCES,
	};
	take(w, &fact);
}

static void request_began(void *state, const struct request *r)
{
	struct what_if *w = state;

	(void)r;
	waits_note_submit(&w->waits);
	if (w->requests.in_flight.count > w->max_depth)
		w->max_depth = w->requests.in_flight.count;
}

static const struct request_listener request_listener = {
	.begin = request_began,
	.end = request_ended,
};

/* The analyzer */

/* The model of the requests, or, in a trace of polling only, one for that. */
static int choose_model(struct what_if *w, struct failure *f)
{
	struct model_choice choice = {0};
	int err;

	w->requests.options = w->options;
	requests_listen(&w->requests, &request_listener, w);
	err = requests_analyzer.begin(&w->requests, w->trace, f);
	w->has_requests = !err;
	if (err == -ENOENT || err == -EINVAL) {
		err = model_choose(&choice, w->options, w->trace, true, f);
		w->model = choice.model;
	}
	w->guessed = w->has_requests ? w->requests.guessed : choice.guessed;
	return err;
}

static int what_if_begin(void *state, const struct trace *trace, struct failure *f)
{
	struct what_if *w = state;
	int err;

	w->trace = trace;
	err = choose_model(w, f);
	if (err)
		return err;
	w->prologue = calloc(WHAT_IF_PROLOGUE, sizeof(*w->prologue));
	if (!w->prologue)
		return fail(f, -ENOMEM, "no memory");
	w->waits.model = what_if_model(w);
	w->waits.listener = &wait_listener;
	w->waits.state = w;
	w->rounds.replay = &w->replay;
	waits_begin(&w->waits);
	return 0;
}

static int what_if_type(void *state, const struct event_type *type, struct failure *f)
{
	struct what_if *w = state;
	int wanted = waits_type(&w->waits, type, f);
	int paired = wanted < 0 || !w->has_requests
			     ? 0
			     : requests_analyzer.type(&w->requests, type, f);

	return paired < 0 ? paired : wanted;
}

static int what_if_event(void *state, const struct event *event, struct failure *f)
{
	struct what_if *w = state;
	int err = waits_event(&w->waits, event, f);

	if (err >= 0 && w->has_requests &&
	    w->requests.binding.types[event->type->index].nr_lines)
		err = requests_analyzer.event(&w->requests, event, f);
	if (err >= 0 && w->out_of_memory)
		err = fail(f, -ENOMEM, "no memory");
	return err;
}

static int what_if_loss(void *state, const struct loss *loss, struct failure *f)
{
	struct what_if *w = state;

	w->lost += loss->count;
	if (w->has_requests)
		requests_analyzer.loss(&w->requests, loss, f);
	return waits_loss(&w->waits, loss, f);
}

static void what_if_end(void *state)
{
	struct what_if *w = state;

	waits_end(&w->waits);
	if (w->has_requests)
		requests_analyzer.end(&w->requests);
	if (!w->knows)
		end_prologue(w);
	if (!w->out_of_memory)
		w->out_of_memory |= rounds_finish(&w->rounds) != 0;
	for (size_t i = 0; i < WAIT_LOOPS_MAX; i++)
		w->closed += w->rounds.loops[i] && w->rounds.loops[i]->depth > 1;
}

const struct analyzer what_if_analyzer = {
	.name = "what-if",
	.begin = what_if_begin,
	.type = what_if_type,
	.event = what_if_event,
	.loss = what_if_loss,
	.end = what_if_end,
};

void what_if_release(struct what_if *w)
{
	free(w->prologue);
	rounds_release(&w->rounds);
	replay_release(&w->replay);
	waits_release(&w->waits);
	requests_release(&w->requests);
	model_free(w->model);
}

const struct model *what_if_model(const struct what_if *w)
{
	return w->has_requests ? w->requests.model : w->model;
}
