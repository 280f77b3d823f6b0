// SPDX-License-Identifier: GPL-2.0-or-later
/* Lines of models bound to the events of a trace: names, sites, arguments, expressions.
 */
#include "unit.h"

#include <errno.h>
#include <string.h>

#include "trace/requests/binding.h"
#include "trace/requests/model_match.h"
#include "core/failure.h"
#include "events.h"
#include "model_read.h"

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
		if (model_line_match(&line, t.type.provider, t.type.probe) !=
		    cases[i].match)
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
	struct model *m = find_first("fathom");

	(void)state;
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

/* A model and a type of event that is bound to it. */
struct bound {
	struct binding binding;
	struct made_type type;
	struct failure f;
};

static void begin_bound(struct bound *b, struct model *m, const char *event,
			const char *arguments)
{
	*b = (struct bound){.binding.model = m};
	make_type(&b->type, 0, event, arguments);
}

static int bind(struct bound *b, enum model_role role)
{
	return binding_add(&b->binding, &b->type.type, 1U << role, &b->f);
}

static void end_bound(struct bound *b)
{
	model_free((struct model *)b->binding.model);
	binding_release(&b->binding);
	made_type_release(&b->type);
}

/* An exact name makes "submit_1" of another line mean that probe alone. */
static void test_exact_name_first(void **state)
{
	static const char text[] = "[request x]\n"
				   "submit = p:go key=id op=\"plain\"\n"
				   "submit = p:go_1 key=id op=\"numbered\"\n"
				   "complete = p:end key=id\n";
	struct bound b;

	(void)state;
	begin_bound(&b, read_first(text), "sdt_p:go_1", "u64 arg1;u64 id");
	assert_int_equal(bind(&b, ROLE_SUBMIT), 1);
	assert_int_equal(b.binding.types[0].nr_lines, 1);
	assert_string_equal(b.binding.types[0].lines[0].line->op_word, "numbered");
	end_bound(&b);
}

static void test_missing_key(void **state)
{
	struct bound b;

	(void)state;
	begin_bound(&b, find_first("fathom"), "sdt_fathom:submit", "s32 arg2;u8 arg3");
	assert_int_equal(bind(&b, ROLE_SUBMIT), -EINVAL);
	assert_non_null(strstr(b.f.text, "no integer argument 'id' (key of submit); it "
					 "has arg2, arg3"));
	end_bound(&b);
}

/* The place on the disk is the key of a stage that has no other. */
static void test_missing_place(void **state)
{
	static const char text[] = "[request x]\n"
				   "submit = p:go(id,at) key=id offset=at\n"
				   "stage below = p:go(id,at) offset=at\n"
				   "complete = p:end key=id\n";
	struct bound b;

	(void)state;
	begin_bound(&b, read_first(text), "sdt_p:go", "u64 arg1");
	assert_int_equal(bind(&b, ROLE_SUBMIT), 1);
	assert_int_equal(bind(&b, ROLE_STAGE), -EINVAL);
	assert_non_null(strstr(b.f.text, "no integer argument 'at' (offset of stage)"));
	end_bound(&b);
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
		assert_int_equal(
			expression_bind(&bound, &e, &t.type, NULL, 0, false, &missing),
			0);
		assert_int_equal(expression_value(&bound, &event), cases[i].value);
	}
	made_type_release(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_binding),
		cmocka_unit_test(test_exact_name_first),
		cmocka_unit_test(test_missing_key),
		cmocka_unit_test(test_missing_place),
		cmocka_unit_test(test_expressions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
