// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Follows requests and loops through a trace, and cuts each request's life into stages
 * when it ends.
 *
 * The end of a life. When the answer is there (the device is done, or io_uring has posted
 * the completion), what is missing is that the program looks. If its thread was off its
 * CPU then, the time until it ran again is a stage of its own. Where no tracepoint tells
 * of the answer, the end of the thread's last wait or polling window does.
 */
#include <errno.h>
#include <string.h>

#include "analyzers/breakdown/breakdown.h"
#include "core/failure.h"

#define LOOP_ROLES                                                                       \
	(1U << ROLE_POLL_BEGIN | 1U << ROLE_POLL_END | 1U << ROLE_WAIT_BEGIN |           \
	 1U << ROLE_WAIT_END)

void breakdown_init(struct breakdown *b, struct requests *requests)
{
	b->requests = requests;
	requests->grouping.limit = PARTS_GROUPS_MAX;
	b->kernel = (struct kernel_path){
		.requests = requests, .lives = &b->lives, .threads = &b->threads};
	findings_init(&b->findings);
	requests_listen(requests, &breakdown_listener, b);
	b->asked.requests = requests;
}

void breakdown_release(struct breakdown *b)
{
	lives_release(&b->lives);
	threads_release(&b->threads);
	kernel_path_release(&b->kernel);
	parts_release(&b->parts);
	slowest_release(&b->slowest);
	binding_release(&b->loops);
	asked_release(&b->asked);
}

unsigned breakdown_groups(const struct breakdown *b, uint16_t numbers[GROUPS_MAX + 1])
{
	unsigned all = grouping_sorted(&b->requests->grouping, numbers), nr = 0;

	for (unsigned i = 0; i < all; i++)
		if (b->parts.groups[numbers[i]])
			numbers[nr++] = numbers[i];
	return nr;
}

static uint32_t index_of(const struct breakdown *b, const struct request *q)
{
	return inflight_index(&b->requests->in_flight, q);
}

static void begin(void *state, const struct request *q)
{
	struct breakdown *b = state;
	uint32_t index = index_of(b, q);
	struct life *l = lives_begin(&b->lives, index, b->requests->in_flight.pool_size,
				     q->submit_ns);

	if (!l) {
		b->out_of_memory = true;
		return;
	}
	l->writes = b->writes;
	l->is_write = kernel_path_writes(&b->kernel, q);
	b->writes += l->is_write;
	l->depth = ++b->depth;
	kernel_path_begin(&b->kernel, q, index);
	thread_time(&b->threads.items[l->thread], q->submit_ns, &l->meanwhile);
}

static void stage(void *state, const struct request *q, unsigned stage, bool leaves,
		  const struct event *event)
{
	struct breakdown *b = state;
	struct life *l = &b->lives.items[index_of(b, q)];

	if (b->out_of_memory)
		return;
	if (!leaves)
		life_mark(l, event->time_ns, STAGE_MODEL + stage);
	else if (l->nr_marks > 1 && life_stage(l) == STAGE_MODEL + stage)
		life_mark(l, event->time_ns, l->marks[l->nr_marks - 2].stage);
}

/* Since when the answer was there, as far as the kernel tells; 0: it does not. */
static uint64_t answer_time(const struct life *l)
{
	uint64_t since = 0;

	for (unsigned i = l->nr_marks; i-- > 1;) {
		unsigned stage = l->marks[i].stage;

		if (stage == STAGE_FINISH || stage == STAGE_REAP)
			since = l->marks[i].time_ns;
		else if (stage < STAGE_FINISH)
			break;
	}
	return since;
}

/* The way from the answer to the program. */
static void close_life(struct breakdown *b, struct life *l, uint64_t end_ns)
{
	const struct thread *t = &b->threads.items[l->thread];
	uint64_t woke = t->waiting.until_ns > t->polling.until_ns ? t->waiting.until_ns
								  : t->polling.until_ns;
	uint64_t answer, off;

	if (life_stage(l) != STAGE_REAP && !t->waiting.is_on &&
	    woke > l->marks[l->nr_marks - 1].time_ns && woke <= end_ns)
		life_mark(l, woke, STAGE_REAP);
	answer = answer_time(l);
	if (!answer || t->off_cpu.is_on || t->off_cpu.until_ns <= answer)
		return;
	off = t->off_cpu.since_ns > answer ? t->off_cpu.since_ns : answer;
	if (t->off_cpu.until_ns <= end_ns)
		life_overlay(l, off, t->off_cpu.until_ns, STAGE_OFF_CPU);
}

static void gather(struct breakdown *b, const struct request *q, const struct life *l)
{
	uint64_t latency = q->complete_ns - q->submit_ns;
	struct findings *f = &b->findings;
	struct thread *t = &b->threads.items[l->thread];

	t->requests++;
	t->latency_ns += latency;
	if (!l->is_write) {
		struct few *few = l->writes ? &f->reads_behind : &f->reads_alone;

		few->count++;
		few->sum_ns += latency;
	}
}

static void keep(struct breakdown *b, const struct request *q, const struct life *l)
{
	struct thread_time now;

	if (!slowest_wants(&b->slowest, q))
		return;
	thread_time(&b->threads.items[l->thread], q->complete_ns, &now);
	if (slowest_add(&b->slowest, &b->requests->in_flight, q, l, &now))
		b->out_of_memory = true;
}

/* Is it one of those that are looked at? */
static bool is_chosen(struct breakdown *b, const struct request *q, const struct life *l,
		      const struct stage_times *times)
{
	uint64_t more[BREAKDOWN_MORE] = {l->depth};

	if (!b->requests->where.filter)
		return true;
	for (unsigned i = 0; i < STAGES_MAX; i++)
		more[MORE_STAGES + i] = times->met >> i & 1 ? times->ns[i] : 0;
	return where_passes(&b->requests->where, q, &b->requests->ops, more);
}

static void count(struct breakdown *b, const struct request *q, const struct life *l,
		  const struct stage_times *times)
{
	b->chosen++;
	if (parts_add(&b->parts, requests_group(b->requests, q), times,
		      q->complete_ns - q->submit_ns))
		b->out_of_memory = true;
	keep(b, q, l);
}

static void leave(struct breakdown *b, const struct request *q, bool completed)
{
	uint32_t index = index_of(b, q);

	if (!q->given_up) {
		b->depth--;
		b->writes -= b->lives.items[index].is_write;
	}
	kernel_path_end(&b->kernel, index, completed);
}

static void end(void *state, const struct request *q)
{
	struct breakdown *b = state;
	struct stage_times times;
	struct life *l;

	if (b->out_of_memory)
		return;
	l = &b->lives.items[index_of(b, q)];
	close_life(b, l, q->complete_ns);
	life_times(l, q->submit_ns, q->complete_ns, &times);
	if (b->intervals && intervals_are_over(b->intervals, q->complete_ns))
		breakdown_intervals_next(b, q->complete_ns);
	if (is_chosen(b, q, l, &times))
		count(b, q, l, &times);
	gather(b, q, l);
	if (b->slowest.wanted)
		slowest_remember(&b->slowest, q);
	leave(b, q, true);
}

static void gone(void *state, const struct request *q, uint64_t time_ns)
{
	struct breakdown *b = state;

	(void)time_ns;
	if (!b->out_of_memory)
		leave(b, q, false);
}

static void finish(void *state, uint64_t time_ns)
{
	struct breakdown *b = state;

	(void)time_ns;
	if (b->intervals)
		breakdown_intervals_finish(b);
	slowest_finish(&b->slowest);
}

const struct request_listener breakdown_listener = {
	.begin = begin,
	.stage = stage,
	.end = end,
	.gone = gone,
	.finish = finish,
};

/* What a filter of requests can name beside what every analyzer knows of them. */
static void offer_more(struct breakdown *b)
{
	struct where *w = &b->requests->where;
	unsigned nr = 0, stages = STAGE_MODEL + (unsigned)b->requests->model->nr_stages;

	b->more[nr++] = (struct where_more){"depth", FILTER_PLAIN};
	for (unsigned i = 0; i < stages; i++)
		b->more[nr++] =
			(struct where_more){breakdown_stage_name(b, i), FILTER_TIME};
	w->more = b->more;
	w->nr_more = nr;
}

static int loops_begin(void *state, const struct trace *trace, struct failure *f)
{
	struct breakdown *b = state;

	(void)trace;
	b->loops.model = b->requests->model;
	offer_more(b);
	return threads_init(&b->threads) ? fail(f, -ENOMEM, "no memory") : 0;
}

static int loops_type(void *state, const struct event_type *type, struct failure *f)
{
	struct breakdown *b = state;
	int bound = binding_add(&b->loops, type, LOOP_ROLES, f);

	b->has_loops |= bound == 1;
	return bound;
}

static void wait_ends(struct breakdown *b, struct thread *t, uint64_t time_ns)
{
	if (t->waiting.is_on && t->answer_ns)
		findings_wait(&b->findings, t->waiting.since_ns, t->answer_ns, time_ns);
	t->answer_ns = 0;
	spell_end(&t->waiting, time_ns);
}

static int loops_event(void *state, const struct event *event, struct failure *f)
{
	struct breakdown *b = state;
	const struct bound_type *bound = &b->loops.types[event->type->index];
	uint32_t thread = threads_find(&b->threads, event->pid, event->tid);
	struct thread *t = &b->threads.items[thread];

	(void)f;
	thread_work(&b->threads, &b->lives, thread, 0);
	for (size_t i = 0; i < bound->nr_lines; i++) {
		switch (bound->lines[i].role) {
		case ROLE_POLL_BEGIN:
			spell_begin(&t->polling, event->time_ns);
			break;
		case ROLE_POLL_END:
			spell_end(&t->polling, event->time_ns);
			break;
		case ROLE_WAIT_BEGIN:
			t->answer_ns = 0;
			spell_begin(&t->waiting, event->time_ns);
			break;
		default:
			wait_ends(b, t, event->time_ns);
		}
	}
	return 0;
}

const struct analyzer breakdown_analyzer = {
	.name = "breakdown",
	.begin = loops_begin,
	.type = loops_type,
	.event = loops_event,
};
