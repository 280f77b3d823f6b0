// SPDX-License-Identifier: GPL-2.0-or-later
/* Which requests a filter chooses: by what is known of them, by arguments of both events,
 * and by what an analyzer adds. */
#include "unit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/failure.h"
#include "model_bed.h"

static const char model[] = "[request task]\n"
			    "submit = p:start key=id op=kind{0:read,1:write} length=len\n"
			    "submit = p:begin key=id\n"
			    "complete = p:end key=id status=status\n";

enum { START, BEGIN, END };

static const struct where_more more[] = {{"slow-part", FILTER_TIME},
					 {"depth", FILTER_PLAIN}};

/* A bed, and the keys of the requests that passed: "1 4". */
struct chosen {
	struct model_bed bed;
	char keys[64];
};

static void ended(void *state, const struct request *q)
{
	struct chosen *c = state;
	const struct requests *r = &c->bed.requests;
	const uint64_t numbers[] = {q->key * 1000000, q->key};
	size_t used = strlen(c->keys);

	if (where_passes(&r->where, q, &r->ops, numbers))
		snprintf(c->keys + used, sizeof(c->keys) - used, "%s%d", used ? " " : "",
			 (int)q->key);
}

static const struct request_listener listener = {.end = ended};

static void open_chosen(struct chosen *c, const char *filter)
{
	model_bed_open(&c->bed, model, 0, &listener, c);
	c->keys[0] = 0;
	c->bed.requests.where =
		(struct where){.text = filter, .more = more, .nr_more = ARRAY_SIZE(more)};
	model_bed_type(&c->bed, "p:start",
		       "u64 id;u8 kind;str name;s32 level;u8(1=low,2=high) prio;u32 len");
	model_bed_type(&c->bed, "p:begin", "u64 id;str label");
	model_bed_type(&c->bed, "p:end", "u64 id;s32 status;u8 level;u16 late");
}

/* Four requests: 1 reads, 2 writes and fails, 3 reads, 4 begins in the other way. */
static void chooses(const char *filter, const char *keys)
{
	struct chosen c;

	open_chosen(&c, filter);
	EVENT(&c.bed, START, 1000, 7, 1, 0, (int64_t) "stat", -5, 1, 512);
	EVENT(&c.bed, START, 1000, 8, 2, 1, (int64_t) "open", 40, 2, 65536);
	EVENT(&c.bed, START, 2000, 7, 3, 0, (int64_t) "open", 0, 3, 4096);
	EVENT(&c.bed, BEGIN, 2000, 9, 4, (int64_t) "open");
	EVENT(&c.bed, END, 2000, 7, 1, 0, 11, 21);
	EVENT(&c.bed, END, 2001000, 7, 2, -5, 12, 22);
	EVENT(&c.bed, END, 3002000, 7, 3, 0, 13, 23);
	EVENT(&c.bed, END, 4002000, 7, 4, 0, 14, 24);
	model_bed_close(&c.bed);
	assert_string_equal(c.keys, keys);
}

static void test_what_is_known(void **state)
{
	(void)state;
	chooses("latency>2ms", "3 4");
	chooses("latency>=2ms && latency<0.0035s", "2 3");
	chooses("latency==1000", "1");
	chooses("latency>2ms && op==\"read\"", "3");
	chooses("op!=read", "2 4");
	chooses("op==write || id==4", "2 4");
	chooses("size>=4k", "2 3");
	chooses("length&512", "1");
	chooses("failed", "2");
	chooses("status<0", "2");
	chooses("!failed && !(tid==7)", "4");
	chooses("pid==1", "1 2 3 4");
	chooses("pid!=1", "");
}

static void test_arguments(void **state)
{
	(void)state;
	chooses("name==\"open\"", "2 3");
	chooses("name!='open'", "1"); /* 4 has none */
	chooses("!(name=='open')", "1 4");
	chooses("label=='open'", "4");
	chooses("prio==high || prio==3", "2 3");
	chooses("level<0", "1");	      /* of the submit, though both have it */
	chooses("late>21 && late<24", "2 3"); /* only the complete has it */
	chooses("late==23 && name=='open'", "3");
	chooses("status==0 && name=='open' && latency>1us", "3");
	chooses("kind", "2");
	chooses("arg4==40", "2");
}

static void test_what_an_analyzer_adds(void **state)
{
	(void)state;
	chooses("slow_part>2ms", "3 4");
	chooses("depth<3 && slow_part!=1000000", "2");
}

static void refuses(const char *filter, const char *sentence)
{
	const int64_t values[] = {1, 0, (int64_t) "", 0, 0, 0};
	struct failure f = {""};
	struct event event;
	struct chosen c;

	open_chosen(&c, filter);
	event = make_event(&c.bed.types[START], 100, 1, values);
	assert_true(requests_analyzer.event(&c.bed.requests, &event, &f) < 0);
	assert_string_equal(f.text, sentence);
	model_bed_close(&c.bed);
}

static void test_refuses(void **state)
{
	(void)state;
	refuses("latncy>2ms",
		"--where: filter 'latncy>2ms', column 1: no 'latncy' to compare (did you "
		"mean 'latency'?): there are latency, id, op, size, length, status, "
		"failed, pid, tid, slow_part, depth; p:start has id, kind, name, level, "
		"prio, len; p:begin has id, label; p:end has id, status, level, "
		"late");
	refuses("latency>2parsec",
		"--where: filter 'latency>2parsec', column 9: '2parsec' has no known "
		"time suffix (ns, us, ms, s, m, h, d)");
	refuses("latency>-1", "--where: filter 'latency>-1', column 9: a time is "
			      "expected, not '-'");
	refuses("size>64q", "--where: filter 'size>64q', column 6: '64q' has no known "
			    "size suffix (k, m, g, t, p)");
	refuses("op>read", "--where: filter 'op>read', column 4: '==' or '!=' before "
			   "text is expected, not 'r'");
	refuses("prio==hihg", "--where: filter 'prio==hihg', column 7: prio is never "
			      "'hihg'; did you mean 'high'?");
	refuses("failed &&", "--where: filter 'failed &&': the name of a value is "
			     "expected at its end");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_known),
		cmocka_unit_test(test_arguments),
		cmocka_unit_test(test_what_an_analyzer_adds),
		cmocka_unit_test(test_refuses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
