// SPDX-License-Identifier: GPL-2.0-or-later
/* The whole of --what-if on events made by hand: what it finds, advises and prints. */
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "analyzers/analyzer.h"
#include "analyzers/what_if/what_if.h"
#include "capture.h"
#include "core/failure.h"
#include "events.h"

enum { SUBMIT, COMPLETE, WAIT_BEGIN, WAIT_END, TYPES };

static const char *const names[TYPES][2] = {
	[SUBMIT] = {"fathom:submit", "u64 id;s32 fd;u8 op;u64 offset;u32 length"},
	[COMPLETE] = {"fathom:complete", "u64 id;s64 result"},
	[WAIT_BEGIN] = {"fathom:wait_begin", "u32 loop;u32 depth"},
	[WAIT_END] = {"fathom:wait_end", "u32 loop;u32 events"},
};

static const struct model_options engine = {.which = "fathom"};

struct bed {
	struct what_if what_if;
	struct made_type types[TYPES];
	uint64_t now_ns, id;
};

static struct bed *bed_open(uint64_t wake_ns)
{
	struct bed *b = calloc(1, sizeof(*b));
	struct failure f = {""};

	b->what_if.options = &engine;
	b->what_if.setup.wake_ns = wake_ns;
	b->now_ns = 1000;
	replay_limits(&b->what_if.setup, NULL, &f);
	if (what_if_analyzer.begin(&b->what_if, NULL, &f))
		fail_msg("%s", f.text);
	for (unsigned i = 0; i < TYPES; i++) {
		make_type(&b->types[i], i, names[i][0], names[i][1]);
		if (what_if_analyzer.type(&b->what_if, &b->types[i].type, &f) != 1)
			fail_msg("%s", f.text);
	}
	return b;
}

static void bed_close(struct bed *b)
{
	for (unsigned i = 0; i < TYPES; i++)
		made_type_release(&b->types[i]);
	what_if_release(&b->what_if);
	free(b);
}

static void feed(struct bed *b, unsigned type, const int64_t *values)
{
	struct event event = make_event(&b->types[type], b->now_ns, 1, values);
	struct failure f = {""};

	assert_int_equal(what_if_analyzer.event(&b->what_if, &event, &f), 0);
}

#define FEED(b, type, ...) feed(b, type, (const int64_t[]){__VA_ARGS__})

/* A request at depth 1: 2 us of work, then a wait of @ns, 1 us of work. */
static void one_request(struct bed *b, uint64_t ns)
{
	FEED(b, SUBMIT, (int64_t)++b->id, 3, 0, 0, 4096);
	b->now_ns += 2000;
	FEED(b, WAIT_BEGIN, 0, 1);
	b->now_ns += ns;
	FEED(b, WAIT_END, 0, 1);
	b->now_ns += 1000;
	FEED(b, COMPLETE, (int64_t)b->id, 4096);
}

static void print_text(const void *what_if)
{
	what_if_print_text(what_if);
}

static void assert_prints(const struct bed *b, const char *wanted)
{
	char *text = capture(120, print_text, &b->what_if);

	if (!strstr(text, wanted))
		fail_msg("no '%s' in:\n%s", wanted, text);
	free(text);
}

/* More facts than are kept until the wake-up is known: none is lost. */
static void all_waits_are_replayed(void **state)
{
	enum { N = WHAT_IF_PROLOGUE / 2 };
	struct bed *b = bed_open(0);
	const struct replay *r = &b->what_if.replay;
	const struct replay_cell *polls;

	(void)state;
	for (int i = 0; i < N; i++)
		one_request(b, 30000);
	what_if_analyzer.end(&b->what_if);
	assert_int_equal(b->what_if.wakeup.source, WAKEUP_ASSUMED);
	assert_int_equal(r->cells[REPLAY_RECORDED].waits, N);
	assert_int_equal(r->requests, N);
	polls = &replay_cells_of(r, NULL)[r->setup.nr_limits - 1];
	assert_int_equal(polls->found, N);
	assert_int_equal(polls->polled_ns, N * 20000ULL);
	assert_int_equal(polls->latency.max, 23000);
	assert_int_equal(r->cells[REPLAY_BLOCKING].latency.max, 33000);
	assert_prints(b, "note: what a wake-up takes is assumed");
	bed_close(b);
}

/* 100 us, a little more or less: ours naps, which none of QEMU's rules can. */
static void a_slow_device_is_advised_ours(void **state)
{
	struct bed *b = bed_open(20000);
	struct what_if_advice advice;
	uint64_t seed = 1;

	(void)state;
	for (int i = 0; i < 3000; i++)
		one_request(b, 120000 + next_random(&seed) % 4000);
	what_if_analyzer.end(&b->what_if);
	advice = what_if_advise(&b->what_if);
	assert_ptr_equal(advice.best->rule, &poll_fathom);
	assert_true(replay_saved(&b->what_if.replay, advice.best) > 0.8);
	assert_true(replay_saved(&b->what_if.replay, advice.qemus) < 0.1);
	assert_prints(b, "a wake-up takes 20.0 us: as you say");
	assert_prints(b, "advice: poll_algorithm=fathom poll_max_ns=");
	assert_prints(b, "QEMU's best for as much: nothing");
	bed_close(b);
}

static void a_hopeless_device_is_not_polled(void **state)
{
	struct bed *b = bed_open(10000);
	uint64_t seed = 1;

	(void)state;
	for (int i = 0; i < 300; i++)
		one_request(b, 2000000 + next_random(&seed) % 20000000);
	what_if_analyzer.end(&b->what_if);
	assert_null(what_if_advise(&b->what_if).best);
	assert_prints(b, "advice: do not poll: the requests would be 0.");
	bed_close(b);
}

/* All but sentences keeps within the terminal. */
static void narrow_terminals(void **state)
{
	struct bed *b = bed_open(10000);
	uint64_t seed = 1;
	char *text, *tables, *end;

	(void)state;
	for (int i = 0; i < 1000; i++)
		one_request(b, 10000 + next_random(&seed) % 100000);
	what_if_analyzer.end(&b->what_if);
	text = capture(40, print_text, &b->what_if);
	for (size_t i = 0; poll_rules[i]; i++)
		assert_non_null(strstr(text, poll_rules[i]->name));
	tables = strstr(text, "\npoll_max_ns");
	end = strstr(text, "\nadvice:");
	assert_true(tables && end);
	*end = 0;
	assert_true(widest_line(tables) <= 40);
	free(text);
	bed_close(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_waits_are_replayed),
		cmocka_unit_test(a_slow_device_is_advised_ours),
		cmocka_unit_test(a_hopeless_device_is_not_polled),
		cmocka_unit_test(narrow_terminals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
