// SPDX-License-Identifier: GPL-2.0-or-later
/* Request models: good ones, bad ones with their line, hostile ones, and binding. */
#include "unit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "trace/requests/binding.h"
#include "trace/requests/model_find.h"
#include "core/failure.h"
#include "events.h"

static const char good[] =
	"# a comment\n"
	"[request disk]\n"
	"scope = thread ; and another\n"
	"submit = qemu:blk_read(vdev, req, sector,n)  key=req op=\"read it\" "
	"offset=sector*512+7 length=n*0x200\n"
	"submit = qemu:blk_any key=arg2 op=kind{0:in, 1:out} fd=3\n"
	"complete = qemu:blk_done key=req status=status\n"
	"[poll]\n"
	"begin = qemu:poll_begin loop=ctx budget=max\n"
	"wait_end = qemu:wait_end\n";

static void test_good(void **state)
{
	struct failure f = {""};
	struct model *m;

	(void)state;
	if (model_read_text(&m, "good", good, &f))
		fail_msg("%s", f.text);
	assert_string_equal(m->name, "disk");
	assert_int_equal(m->scope, SCOPE_THREAD);
	assert_int_equal(m->nr_lines, 5);
	assert_int_equal(m->lines[0].nr_arguments, 4);
	assert_string_equal(m->lines[0].arguments[3], "n");
	assert_string_equal(m->lines[0].op_word, "read it");
	assert_int_equal(m->lines[0].values[VALUE_OFFSET].nr_terms, 2);
	assert_int_equal(m->lines[0].values[VALUE_OFFSET].terms[0].constant, 512);
	assert_int_equal(m->lines[0].values[VALUE_OFFSET].terms[1].constant, 7);
	assert_int_equal(m->lines[0].values[VALUE_LENGTH].terms[0].constant, 512);
	assert_int_equal(m->lines[1].nr_op_words, 2);
	assert_string_equal(m->lines[1].op_words[1].word, "out");
	assert_int_equal(m->lines[4].role, ROLE_WAIT_END);
	model_free(m);
}

/* Each must be refused with a sentence that holds @says. */
static const struct bad {
	const char *text, *says;
} bad[] = {
	{"", "no [request NAME]"},
	{"submit = a:b key=c\n", "bad:1: expected [request NAME] first"},
	{"[request x]\n", "names no probe"},
	{"[request x]\nsubmit = a:b key=c\n", "submit without complete"},
	{"[request x]\n\nsubmitt = a:b key=c\n",
	 "bad:3: unknown key 'submitt', did you mean 'submit'"},
	{"[requests x]\n", "bad:1: expected [request NAME] or [poll]"},
	{"[request x]\n[request y]\n", "bad:2: a second [request]"},
	{"[request x]\nsubmit = ab key=c\n", "bad:2: 'ab' is not PROVIDER:PROBE"},
	{"[request x]\nsubmit = a:b\n", "bad:2: submit needs key="},
	{"[request x]\nsubmit = a:b key=c key=d\n", "'key' is given twice"},
	{"[request x]\nsubmit = a:b key=\n", "key: expected an argument or a number"},
	{"[request x]\nsubmit = a:b key=c+\n", "key: expected an argument"},
	{"[request x]\nsubmit = a:b key=c-d\n", "'-' is not + or *"},
	{"[request x]\nsubmit = a:b key=a*b*c*d\n", "more than 3 arguments"},
	{"[request x]\nsubmit = a:b key=a+b+c+d+e\n", "more than 4 terms"},
	{"[request x]\nsubmit = a:b key=99999999999999999999\n", "bad:2: key: "},
	{"[request x]\nsubmit = a:b key=c result=d\n", "'submit' takes no 'result'"},
	{"[request x]\nsubmit = a:b key=c op=\"read\n", "op: expected a word in quotes"},
	{"[request x]\nsubmit = a:b key=c op=o{0=read}\n", "is not NUMBER:WORD"},
	{"[request x]\nsubmit = a:b key=c op=o{0:read\n", "expected '}'"},
	{"[request x]\nsubmit = a:b(c key=c\n", "expected ')'"},
	{"[request x]\nsubmit = a:b(c,,d) key=c\n", "is not an argument's name"},
	{"[request x]\nsubmit = a:b(1,2,3,4,5,6,7,8,9,10,11,12,13) key=c\n",
	 "at most 12"},
	{"[request x]\nscope = world\n", "scope is process, thread or system"},
	{"[request x]\nsubmit\n", "'submit' has no value"},
};

static void test_bad(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct failure f = {""};
		struct model *m = NULL;
		int err = model_read_text(&m, "bad", bad[i].text, &f);

		if (!err || !strstr(f.text, bad[i].says))
			fail_msg("case %zu: %d, '%s' should say '%s'", i, err, f.text,
				 bad[i].says);
		assert_null(m);
	}
}

static void test_too_many_lines(void **state)
{
	struct failure f = {""};
	struct model *m = NULL;
	char *text = calloc(MODEL_LINES_MAX + 2, 64);

	(void)state;
	strcpy(text, "[request x]\n");
	for (int i = 0; i <= MODEL_LINES_MAX; i++)
		strcat(text, "submit = a:b key=c\n");
	assert_int_equal(model_read_text(&m, "long", text, &f), -E2BIG);
	assert_non_null(strstr(f.text, "long:66: more than 64 lines"));
	free(text);
}

/* Any change of a good model is taken or refused, never worse (run it with ASan). */
static void test_hostile(void **state)
{
	uint64_t seed = 42;
	unsigned taken = 0, refused = 0;

	(void)state;
	for (int round = 0; round < 20000; round++) {
		struct failure f = {""};
		struct model *m = NULL;
		char text[sizeof(good)];

		memcpy(text, good, sizeof(good));
		for (uint64_t n = next_random(&seed) % 4 + 1; n; n--)
			text[next_random(&seed) % (sizeof(good) - 1)] =
				"(){}[]=+*:\",;# \n\x01\xff"
				"a0"[next_random(&seed) % 20];
		if (!model_read_text(&m, "hostile", text, &f)) {
			taken++;
			model_free(m);
		} else {
			refused++;
			assert_true(*f.text);
		}
	}
	assert_true(taken > 100);
	assert_true(refused > 100);
}

static void test_shipped(void **state)
{
	(void)state;
	assert_string_equal(shipped_models[0].name, "fathom");
	for (size_t i = 0; shipped_models[i].name; i++) {
		struct failure f = {""};
		struct model *m;

		if (model_find(&m, shipped_models[i].name, &f))
			fail_msg("%s", f.text);
		assert_string_equal(m->name, shipped_models[i].name);
		assert_true(model_has_role(m, ROLE_SUBMIT));
		model_free(m);
	}
}

static void test_unknown_name(void **state)
{
	struct failure f = {""};
	struct model *m;

	(void)state;
	assert_int_equal(model_find(&m, "nonsuch", &f), -ENOENT);
	assert_non_null(strstr(f.text, "there are fathom, virtio-blk"));
	assert_int_equal(model_find(&m, "./nonsuch.model", &f), -ENOENT);
	assert_non_null(strstr(f.text, "./nonsuch.model"));
}

static void test_specs(void **state)
{
	const char *submits[] = {"a:begin", "a:other key=x op=\"w\""};
	const char *completes[] = {"a:end"};
	struct failure f = {""};
	struct model *m;

	(void)state;
	if (model_from_specs(&m, submits, 2, completes, 1, "id", &f))
		fail_msg("%s", f.text);
	assert_string_equal(m->lines[0].values[VALUE_KEY].terms[0].names[0], "id");
	assert_string_equal(m->lines[1].values[VALUE_KEY].terms[0].names[0], "x");
	model_free(m);
	assert_int_equal(model_from_specs(&m, submits, 1, completes, 1, NULL, &f),
			 -EINVAL);
	assert_non_null(strstr(f.text, "--submit: submit needs key="));
}

/* Which names of events a line "fathom:submit" takes, and how well. */
static void test_names(void **state)
{
	static const struct {
		const char *name;
		enum model_match match;
	} cases[] = {
		{"fathom:submit", MATCH_NAME},	     {"sdt_fathom:submit", MATCH_NAME},
		{"sdt_fathom:submit_1", MATCH_SITE}, {"fathom:submit_12", MATCH_SITE},
		{"fathom:submit_", MATCH_NONE},	     {"fathom:submit1", MATCH_NONE},
		{"fathom:_1", MATCH_NONE},	     {"fathom:resubmit", MATCH_NONE},
		{"other:submit", MATCH_NONE},	     {"sdt_:submit", MATCH_NONE},
		{"fathom:submit_1_2", MATCH_NONE},
	};
	struct model_line line = {.provider = "fathom", .probe = "submit"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct made_type t;

		make_type(&t, 0, cases[i].name, "u64 id");
		if (model_line_match(&line, &t.type) != cases[i].match)
			fail_msg("%s", cases[i].name);
		made_type_release(&t);
	}
}

struct bound_test {
	const char *event, *arguments; /* the trace's */
	int64_t values[ARGUMENTS_MAX];
	uint64_t key, length; /* what the model must find */
	bool has_length;
};

static const struct bound_test bound_tests[] = {
	{"fathom:submit",
	 "u64 id;s32 fd;u8 op;u64 offset;u32 length;u32 depth",
	 {7, 3, 1, 8192, 4096, 1},
	 7,
	 4096,
	 true},
	{"sdt_fathom:submit",
	 "u64 arg1;s32 arg2;u8 arg3;u64 arg4;u32 arg5;u32 arg6",
	 {7, 3, 1, 8192, 4096, 1},
	 7,
	 4096,
	 true},
	/* perf drops constants: fd and length are missing here */
	{"sdt_fathom:submit_2",
	 "u64 arg1;u8 arg3;u64 arg4;u32 arg6",
	 {7, 1, 8192, 1},
	 7,
	 0,
	 false},
};

static void test_binding(void **state)
{
	struct failure f = {""};
	struct model *m;

	(void)state;
	assert_int_equal(model_find(&m, "fathom", &f), 0);
	for (size_t i = 0; i < ARRAY_SIZE(bound_tests); i++) {
		const struct bound_test *test = &bound_tests[i];
		struct binding b = {.model = m};
		struct bound_line *line;
		struct made_type t;
		struct event event;

		make_type(&t, 0, test->event, test->arguments);
		if (binding_add(&b, &t.type, 1U << ROLE_SUBMIT, &f) != 1)
			fail_msg("case %zu: %s", i, f.text);
		line = &b.types[0].lines[0];
		event = make_event(&t, 0, 1, test->values);
		assert_int_equal(expression_value(&line->values[VALUE_KEY], &event),
				 test->key);
		assert_int_equal(expression_value(&line->values[VALUE_LENGTH], &event),
				 test->length);
		assert_int_equal(expression_present(&line->values[VALUE_LENGTH]),
				 test->has_length);
		binding_release(&b);
		made_type_release(&t);
	}
	model_free(m);
}

/* An exact name makes "submit_1" of another line mean that probe alone. */
static void test_exact_name_first(void **state)
{
	static const char text[] = "[request x]\n"
				   "submit = p:go key=id op=\"plain\"\n"
				   "submit = p:go_1 key=id op=\"numbered\"\n"
				   "complete = p:end key=id\n";
	struct failure f = {""};
	struct binding b = {0};
	struct made_type t;
	struct model *m;

	(void)state;
	assert_int_equal(model_read_text(&m, "x", text, &f), 0);
	b.model = m;
	make_type(&t, 0, "sdt_p:go_1", "u64 arg1;u64 id");
	assert_int_equal(binding_add(&b, &t.type, 1U << ROLE_SUBMIT, &f), 1);
	assert_int_equal(b.types[0].nr_lines, 1);
	assert_string_equal(b.types[0].lines[0].line->op_word, "numbered");
	binding_release(&b);
	made_type_release(&t);
	model_free(m);
}

static void test_missing_key(void **state)
{
	struct failure f = {""};
	struct binding b = {0};
	struct made_type t;
	struct model *m;

	(void)state;
	assert_int_equal(model_find(&m, "fathom", &f), 0);
	b.model = m;
	make_type(&t, 0, "sdt_fathom:submit", "s32 arg2;u8 arg3");
	assert_int_equal(binding_add(&b, &t.type, 1U << ROLE_SUBMIT, &f), -EINVAL);
	assert_non_null(strstr(f.text, "no integer argument 'id' (key of submit); it has "
				       "arg2, arg3"));
	binding_release(&b);
	made_type_release(&t);
	model_free(m);
}

/* sums, products, constants, tid, and argN by position where names are known */
static void test_expressions(void **state)
{
	static const struct {
		const char *text;
		uint64_t value;
	} cases[] = {
		{"a", 5},	   {"a*b", 15},	   {"2*a+3*b+1", 20}, {"arg2", 3},
		{"0x10", 16},	   {"tid*b", 126}, {" a + b ", 8},    {"a*0", 0},
		{"s", UINT64_MAX}, {"s+1", 0},
	};
	const int64_t values[] = {5, 3, -1};
	struct made_type t;
	struct event event;

	(void)state;
	make_type(&t, 0, "p:q", "u64 a;u8 b;s32 s");
	event = make_event(&t, 0, 42, values);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct bound_expression bound;
		struct expression e;
		struct failure f = {""};
		const char *missing;
		char text[32];

		strcpy(text, cases[i].text);
		if (expression_parse(&e, text, &f))
			fail_msg("%s: %s", cases[i].text, f.text);
		assert_int_equal(expression_bind(&bound, &e, &t.type, NULL, 0, &missing),
				 0);
		assert_int_equal(expression_value(&bound, &event), cases[i].value);
	}
	made_type_release(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_too_many_lines),
		cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_shipped),
		cmocka_unit_test(test_unknown_name),
		cmocka_unit_test(test_specs),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_binding),
		cmocka_unit_test(test_exact_name_first),
		cmocka_unit_test(test_missing_key),
		cmocka_unit_test(test_expressions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
