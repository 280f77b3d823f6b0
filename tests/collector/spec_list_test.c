// SPDX-License-Identifier: GPL-2.0-or-later
/* Lists of SPECs: which commas part them. */
#include "collector/spec_list.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "core/failure.h"

#include <cmocka.h>

/* Splits @text and asserts that its parts are @wanted, with blanks between them. */
static void splits(const char *text, const char *wanted)
{
	struct string_list specs = {calloc(1, sizeof(char *)), 1};
	char joined[256] = "";

	specs.items[0] = text;
	assert_int_equal(spec_list_split(&specs, NULL), 0);
	for (size_t i = 0; i < specs.count; i++) {
		strcat(joined, i ? " " : "");
		strcat(joined, specs.items[i]);
	}
	assert_string_equal(joined, wanted);
	spec_list_free(&specs);
}

static void test_splits(void **state)
{
	(void)state;
	splits("a:b", "a:b");
	splits("a:b,c:*,d", "a:b c:* d");
	splits("a:b(x:u8,y:str),c", "a:b(x:u8,y:str) c");
	splits("a:b/x==1,y/,c", "a:b/x==1,y/ c");
	splits("a(x:str)/x==\"/e,\"/,c/n>(1)/", "a(x:str)/x==\"/e,\"/ c/n>(1)/");
}

static void refuses(const char *text, const char *reason)
{
	struct string_list specs = {calloc(1, sizeof(char *)), 1};
	struct failure f = {""};

	specs.items[0] = text;
	assert_int_equal(spec_list_split(&specs, &f), -EINVAL);
	assert_non_null(strstr(f.text, reason));
	assert_int_equal(specs.count, 0);
}

static void test_refuses(void **state)
{
	(void)state;
	refuses("", "column 1");
	refuses("a,,b", "column 3");
	refuses("a:b,", "column 5");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_splits),
		cmocka_unit_test(test_refuses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
