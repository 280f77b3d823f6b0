// SPDX-License-Identifier: GPL-2.0-or-later
/* Waits made of events by hand, of each kind of model. */
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "analyzers/what_if/waits.h"
#include "core/failure.h"
#include "core/poll_rule.h"
#include "events.h"

enum { TYPES_MAX = 8, HEARD_MAX = 32 };

struct bed {
	struct waits waits;
	struct model *model;
	struct made_type types[TYPES_MAX];
	unsigned nr_types;
	struct traced_wait heard[HEARD_MAX];
	unsigned sources[HEARD_MAX];
	size_t nr_heard, nr_sources;
};

static void ended(void *state, size_t loop, const struct traced_wait *wait)
{
	struct bed *b = state;

	(void)loop;
	assert_true(b->nr_heard < HEARD_MAX);
	b->heard[b->nr_heard++] = *wait;
}

static void sources(void *state, size_t loop, unsigned bits)
{
	struct bed *b = state;

	(void)loop;
	b->sources[b->nr_sources++] = bits;
}

static const struct wait_listener listener = {.ended = ended, .sources = sources};

static struct bed *bed_open(const char *text)
{
	struct bed *b = calloc(1, sizeof(*b));
	struct model_file *file;
	struct failure f = {""};

	if (model_file_read_text(&file, "test", text, &f))
		fail_msg("%s", f.text);
	b->model = model_file_take(file, 0);
	model_file_free(file);
	b->waits.model = b->model;
	b->waits.listener = &listener;
	b->waits.state = b;
	waits_begin(&b->waits);
	return b;
}

static void bed_close(struct bed *b)
{
	for (unsigned i = 0; i < b->nr_types; i++)
		made_type_release(&b->types[i]);
	waits_release(&b->waits);
	model_free(b->model);
	free(b);
}

/* An event of thread @tid; its type is announced when it comes first. */
static void feed(struct bed *b, const char *name, const char *arguments, uint64_t time_ns,
		 int32_t tid, const int64_t *values)
{
	struct failure f = {""};
	struct event event;
	unsigned i = 0;

	while (i < b->nr_types && strcmp(b->types[i].name, name))
		i++;
	if (i == b->nr_types) {
		make_type(&b->types[b->nr_types++], i, name, arguments);
		assert_int_equal(waits_type(&b->waits, &b->types[i].type, &f), 1);
	}
	event = make_event(&b->types[i], time_ns, 1, values);
	event.tid = tid;
	assert_int_equal(waits_event(&b->waits, &event, &f), 0);
}

#define FEED(b, name, arguments, time, tid, ...)                                         \
	feed(b, name, arguments, time, tid, (const int64_t[]){__VA_ARGS__})

/* The engine's: all is told. */

static const char engine[] = "[request x]\n"
			     "submit = x:submit key=id\n"
			     "complete = x:complete key=id\n"
			     "[poll]\n"
			     "begin = x:begin loop=loop budget=budget\n"
			     "end = x:end loop=loop progress=progress elapsed=elapsed\n"
			     "wait_begin = x:sleep loop=loop\n"
			     "wait_end = x:wake loop=loop events=events\n";

static void poll(struct bed *b, uint64_t from, uint64_t to, int64_t budget, bool found)
{
	FEED(b, "x:begin", "u32 loop;u64 budget", from, 7, 0, budget);
	FEED(b, "x:end", "u32 loop;u8 progress;u64 elapsed", to, 7, 0, found,
	     (int64_t)(to - from));
}

static void nap(struct bed *b, uint64_t from, uint64_t to, int64_t events)
{
	FEED(b, "x:sleep", "u32 loop", from, 7, 0);
	FEED(b, "x:wake", "u32 loop;u32 events", to, 7, 0, events);
}

static void complete(struct bed *b, uint64_t time)
{
	FEED(b, "x:complete", "u64 id", time, 7, 1);
}

static void wakes(struct bed *b, uint64_t time, int32_t tid)
{
	FEED(b, "sched:sched_waking", "s32 pid;s32 prio", time, 99, tid, 120);
}

static void engines_waits_are_told(void **state)
{
	struct bed *b = bed_open(engine);

	(void)state;
	nap(b, 1000, 51000, 1); /* slept */
	complete(b, 51100);
	poll(b, 60000, 63000, 4000, true); /* found */
	complete(b, 63100);
	poll(b, 70000, 74500, 4000, false); /* in vain, 500 of it preempted; slept */
	nap(b, 74600, 90000, 2);
	complete(b, 90100);
	nap(b, 100000, 150000, 0); /* napped, then found */
	poll(b, 150100, 155100, 8000, true);
	nap(b, 160000, 170000, 0); /* napped, polled in vain, slept */
	poll(b, 170000, 178000, 8000, false);
	nap(b, 178000, 200000, 1);
	nap(b, 210000, 220000, 0); /* and this one never ends */
	waits_end(&b->waits);

	assert_int_equal(b->nr_heard, 5);
	assert_int_equal(b->nr_sources, 5);
	assert_int_equal(b->heard[0].begin_ns, 1000);
	assert_int_equal(b->heard[0].block_ns, 50000);
	assert_int_equal(b->heard[0].found_ns, 0);
	assert_int_equal(b->heard[0].window_ns, 0);
	assert_int_equal(b->heard[1].block_ns, 3000);
	assert_int_equal(b->heard[1].found_ns, 3000);
	assert_int_equal(b->heard[1].window_ns, 4000);
	assert_int_equal(b->heard[1].polled_ns, 3000);
	assert_int_equal(b->heard[2].block_ns, 20000);
	assert_int_equal(b->heard[2].quiet_ns, 4500);
	assert_int_equal(b->heard[2].polled_ns, 4000);
	assert_int_equal(b->heard[2].found_ns, 0);
	assert_int_equal(b->heard[3].block_ns, 55100);
	assert_int_equal(b->heard[3].found_ns, 55100);
	assert_int_equal(b->heard[3].quiet_ns, 50000);
	assert_int_equal(b->heard[3].naps, 1);
	assert_int_equal(b->heard[4].block_ns, 40000);
	assert_int_equal(b->heard[4].quiet_ns, 18000);
	assert_int_equal(b->heard[4].polled_ns, 8000);
	bed_close(b);
}

/* What the events of a wait were is known when the next one begins. */
static void sources_follow_their_wait(void **state)
{
	struct bed *b = bed_open(engine);

	(void)state;
	nap(b, 1000, 51000, 1);
	complete(b, 51100);
	assert_true(waits_note_complete(&b->waits, 1));
	complete(b, 51200);
	assert_true(waits_note_complete(&b->waits, 6)); /* there are four: the third */
	FEED(b, "x:submit", "u64 id", 51300, 7, 2);
	complete(b, 51400); /* without waiting */
	assert_false(waits_note_complete(&b->waits, 3));
	assert_int_equal(b->nr_sources, 0);
	nap(b, 60000, 70000, 1);
	assert_int_equal(b->nr_sources, 1);
	assert_int_equal(b->sources[0], 1 << 1 | 1 << 2);
	waits_end(&b->waits);
	assert_int_equal(b->sources[1], 1); /* nothing known */
	bed_close(b);
}

/* A wait across lost records is none. */
static void losses_end_waits(void **state)
{
	struct loss loss = {.count = 5};
	struct bed *b = bed_open(engine);
	struct failure f = {""};

	(void)state;
	FEED(b, "x:sleep", "u32 loop", 1000, 7, 0);
	waits_loss(&b->waits, &loss, &f);
	FEED(b, "x:wake", "u32 loop;u32 events", 9000, 7, 0, 1);
	FEED(b, "x:end", "u32 loop;u8 progress;u64 elapsed", 9500, 7, 0, 1, 300);
	assert_int_equal(b->nr_heard, 0);
	nap(b, 10000, 20000, 1);
	assert_int_equal(b->nr_heard, 1);
	bed_close(b);
}

static void the_kernel_tells_when_it_woke(void **state)
{
	struct bed *b = bed_open(engine);

	(void)state;
	nap(b, 1000, 2000, 1);
	FEED(b, "x:sleep", "u32 loop", 10000, 7, 0);
	wakes(b, 20000, 8); /* somebody else */
	wakes(b, 30000, 7);
	wakes(b, 31000, 7); /* the first counts */
	FEED(b, "x:wake", "u32 loop;u32 events", 35000, 7, 0, 1);
	nap(b, 40000, 50000, 1);
	assert_int_equal(b->heard[1].woken_ns, 20000);
	assert_int_equal(b->heard[2].woken_ns, 0);
	bed_close(b);
}

/* QEMU's: only polling is told. */

static const char qemu[] = "[request x]\n"
			   "submit = x:handle key=req\n"
			   "complete = x:done key=req\n"
			   "[poll]\n"
			   "begin = x:run loop=ctx budget=max\n"
			   "end = x:ran loop=ctx progress=progress\n"
			   "grow = x:grow loop=ctx old=old new=new\n";

static void run(struct bed *b, uint64_t from, uint64_t to, bool found)
{
	FEED(b, "x:run", "u64 ctx;u64 max", from, 7, 5, 4000);
	FEED(b, "x:ran", "u64 ctx;u8 progress", to, 7, 5, found);
}

static void qemus_sleeps_are_inferred(void **state)
{
	struct bed *b = bed_open(qemu);

	(void)state;
	FEED(b, "x:handle", "u64 req", 500, 7, 1); /* nothing is known before it */
	run(b, 1000, 3000, true);
	FEED(b, "x:handle", "u64 req", 3100, 7, 2); /* found by polling */
	run(b, 4000, 8000, false);
	FEED(b, "x:grow", "u64 ctx;u64 old;u64 new", 20000, 7, 5, 4000, 8000);
	FEED(b, "x:done", "u64 req", 20100, 7, 1); /* the same wake-up */
	FEED(b, "x:done", "u64 req", 30100, 7, 2); /* that was work */
	FEED(b, "x:grow", "u64 ctx;u64 old;u64 new", 60100, 7, 5, 0, 4000);
	FEED(b, "x:done", "u64 req", 60200, 7, 2); /* a sleep without polling */
	run(b, 70000, 74000, false);
	run(b, 90000, 91000, true); /* woke for something that is not traced */
	run(b, 95000, 95500, false); /* something else came up: no sleep */
	run(b, 96000, 97000, true);
	waits_end(&b->waits);

	assert_int_equal(b->nr_heard, 7);
	assert_int_equal(b->heard[5].found_ns, 1000);
	assert_int_equal(b->heard[0].found_ns, 2000);
	assert_int_equal(b->heard[1].block_ns, 16000);
	assert_int_equal(b->heard[1].quiet_ns, 4000);
	assert_int_equal(b->heard[1].found_ns, 0);
	assert_int_equal(b->heard[2].begin_ns, 30100);
	assert_int_equal(b->heard[2].block_ns, 30000);
	assert_int_equal(b->heard[2].window_ns, 0);
	assert_int_equal(b->heard[3].block_ns, 20000);
	assert_int_equal(b->heard[4].found_ns, 1000);
	assert_int_equal(b->sources[0], 1 << (POLL_SOURCES - 1)); /* a submit */
	bed_close(b);
}

/* Others: requests only. */

static const char requests[] = "[request x]\n"
			       "submit = x:start key=id\n"
			       "complete = x:done key=id\n";

static void start(struct bed *b, uint64_t time, int32_t tid)
{
	FEED(b, "x:start", "u64 id", time, tid, 1);
}

static void done(struct bed *b, uint64_t time, int32_t tid)
{
	FEED(b, "x:done", "u64 id", time, tid, 1);
}

static void completes_end_gaps(void **state)
{
	struct bed *b = bed_open(requests);

	(void)state;
	start(b, 1000, 7);
	start(b, 1500, 8); /* another thread */
	done(b, 41000, 7);
	done(b, 41400, 7);  /* came with it */
	start(b, 90000, 7); /* the program worked meanwhile */
	done(b, 190000, 7);
	done(b, 190500, 8);
	assert_int_equal(b->nr_heard, 3);
	assert_int_equal(b->heard[0].block_ns, 40000);
	assert_int_equal(b->heard[1].begin_ns, 90000);
	assert_int_equal(b->heard[1].block_ns, 100000);
	assert_int_equal(b->heard[2].block_ns, 189000);
	bed_close(b);
}

/* With the kernel's word for it, a gap without a wake-up was work. */
static void a_gap_without_a_wakeup_was_work(void **state)
{
	struct bed *b = bed_open(requests);

	(void)state;
	start(b, 1000, 7);
	wakes(b, 30000, 7);
	done(b, 41000, 7);
	start(b, 50000, 7);
	done(b, 90000, 7);
	assert_int_equal(b->nr_heard, 1);
	assert_int_equal(b->heard[0].block_ns, 40000);
	assert_int_equal(b->heard[0].woken_ns, 29000);
	bed_close(b);
}

static void too_many_loops_are_counted(void **state)
{
	struct bed *b = bed_open(requests);

	(void)state;
	for (int32_t i = 0; i < WAIT_LOOPS_MAX + 3; i++)
		start(b, 1000, i + 1);
	assert_int_equal(b->waits.nr_loops, WAIT_LOOPS_MAX);
	assert_int_equal(b->waits.ignored, 3);
	bed_close(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(engines_waits_are_told),
		cmocka_unit_test(sources_follow_their_wait),
		cmocka_unit_test(losses_end_waits),
		cmocka_unit_test(the_kernel_tells_when_it_woke),
		cmocka_unit_test(qemus_sleeps_are_inferred),
		cmocka_unit_test(completes_end_gaps),
		cmocka_unit_test(a_gap_without_a_wakeup_was_work),
		cmocka_unit_test(too_many_loops_are_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
