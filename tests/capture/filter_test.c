// SPDX-License-Identifier: GPL-2.0-or-later
/* The filter parser: what it accepts, as the kernel is told, and how it refuses. */
#include "collector/plan_filter.h"

#include <errno.h>

#include "collector/plan.h"
#include "core/failure.h"
#include "unit.h"

static struct argument_word words[] = {{0, (char *)"read"}, {1, (char *)"write"}};

static struct plan_event event = {
	.name = (char *)"disk:io",
	.nr_arguments = 5,
	.operand = {0, 1, 2, 3, 5},
	.arguments =
		{
			{.name = (char *)"op", .size = 1, .words = words, .nr_words = 2},
			{.name = (char *)"block", .size = 4},
			{.name = (char *)"result", .size = 4, .is_signed = true},
			{.name = (char *)"path", .kind = ARGUMENT_STRING, .size = 8},
			{.name = (char *)"load", .kind = ARGUMENT_FLOAT, .size = 8},
		},
};

static void accepts(const char *text, const char *wanted)
{
	struct filter *filter = NULL;
	struct failure f = {""};
	char out[256];

	assert_int_equal(plan_filter_parse(&filter, text, &event, &f), 0);
	assert_int_equal(filter_kernel_text(out, sizeof(out), filter, &event), 0);
	assert_string_equal(out, wanted);
	filter_free(filter);
}

static void refuses(const char *text, const char *wanted)
{
	struct filter *filter = NULL;
	struct failure f = {""};

	assert_true(plan_filter_parse(&filter, text, &event, &f) < 0);
	assert_string_equal(f.text, wanted);
}

static void test_accepts(void **state)
{
	(void)state;
	accepts("block>100", "arg2 > 100");
	accepts(" block <= 0xffffffff ", "arg2 <= 4294967295");
	accepts("result==-5", "arg3 == -5");
	accepts("op==write", "arg1 == 1");
	accepts("op==\"write\" || op=='read'", "(arg1 == 1 || arg1 == 0)");
	accepts("op", "arg1 != 0");
	accepts("block&6", "arg2 & 6");
	accepts("arg2!=3", "arg2 != 3");
	accepts("path==\"/dev/sda\"", "arg4 == \"/dev/sda\"");
	accepts("path!='a \"b\"'", "arg4 != 'a \"b\"'");
	/* && binds closer than ||, ! closest, as in C. */
	accepts("op==0&&block>1||!result", "((arg1 == 0 && arg2 > 1) || !(arg3 != 0))");
	accepts("op==0&&(block>1||result<0)", "(arg1 == 0 && (arg2 > 1 || arg3 < 0))");
	accepts("!(op && block)", "!((arg1 != 0 && arg2 != 0))");
}

static void test_refuses(void **state)
{
	(void)state;
	refuses("", "filter '': the name of an argument is expected at its end");
	refuses("blok>1",
		"filter 'blok>1', column 1: disk:io has no argument 'blok'; did you mean "
		"'block'?");
	refuses("block>1 && op==wrte", "filter 'block>1 && op==wrte', column 16: op is "
				       "never 'wrte'; did you mean "
				       "'write'?");
	refuses("op=='wr", "filter 'op=='wr', column 5: op is never 'wr'; a word of it is "
			   "'read'");
	refuses("op=='read", "filter 'op=='read': the closing quote is expected at its end");
	refuses("block=1", "filter 'block=1', column 6: '==' is expected, not '='");
	refuses("op==256", "filter 'op==256', column 5: 256 does not fit op, a u8");
	refuses("block==-1",
		"filter 'block==-1', column 8: -1 does not fit block, a u32");
	refuses("result==0x80000000", "filter 'result==0x80000000', column 9: 0x80000000 "
				      "does not fit result, a s32");
	refuses("path<\"a\"", "filter 'path<\"a\"', column 6: '==' or '!=' before text "
			      "is expected, not "
			      "'\"'");
	refuses("path==\"a",
		"filter 'path==\"a': the closing quote is expected at its end");
	refuses("path", "filter 'path': '==' or '!=' is expected at its end");
	refuses("load>1", "filter 'load>1', column 1: floating point cannot be compared");
	refuses("(op==1", "filter '(op==1': ')' is expected at its end");
	refuses("op==1 block==2", "filter 'op==1 block==2', column 7: '&&', '||' or the "
				  "end is expected, not "
				  "'b'");
	refuses("!!!!!!!!!!!!!!!!!op", "filter '!!!!!!!!!!!!!!!!!op': nested too deep");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_accepts),
		cmocka_unit_test(test_refuses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
