// SPDX-License-Identifier: GPL-2.0-or-later
/* Provider files: what both dialects say, what is wrong with bad ones, and hostile ones.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "unit.h"

#include "collector/provider_file.h"
#include "core/failure.h"

static struct provider_file *parse(const char *text)
{
	struct provider_file *file = NULL;
	struct failure f;
	int err = provider_file_parse(&file, "t.d", text, &f);

	if (err)
		fail_msg("%s\n", f.text);
	return file;
}

static void expect_argument(const struct provider_probe *probe, size_t i,
			    const char *type, const char *name)
{
	char text[8] = "?";

	assert_non_null(probe);
	assert_true(i < probe->nr_arguments);
	if (probe->arguments[i].size)
		argument_type_text(&probe->arguments[i], text);
	assert_string_equal(text, type);
	if (name)
		assert_string_equal(probe->arguments[i].name, name);
	else
		assert_null(probe->arguments[i].name);
}

static void types(void **state)
{
	static const struct {
		const char *declared, *type, *name;
	} cases[] = {
		{"int n", "s32", "n"},
		{"int", "s32", NULL},
		{"unsigned int count", "u32", "count"},
		{"unsigned", "u32", NULL},
		{"long", "s64", NULL},
		{"long long int big", "s64", "big"},
		{"unsigned long long", "u64", NULL},
		{"unsigned char byte", "u8", "byte"},
		{"signed char c", "s8", "c"},
		{"short", "s16", NULL},
		{"unsigned short int s", "u16", "s"},
		{"int unsigned", "u32", NULL},
		{"bool ok", "u8", "ok"},
		{"uint64_t id", "u64", "id"},
		{"int16_t", "s16", NULL},
		{"uintptr_t p", "x64", "p"},
		{"char *", "str", NULL},
		{"const char *text", "str", "text"},
		{"char const * const text", "str", "text"},
		{"char *argv[]", "x64", "argv"},
		{"char name[16]", "str", "name"},
		{"char **list", "x64", "list"},
		{"unsigned char *raw", "x64", "raw"},
		{"void *p", "x64", "p"},
		{"struct request *r", "x64", "r"},
		{"enum state s", "?", "s"},
		{"my_type value", "?", "value"},
		{"my_type", "?", NULL},
		{"my_type *p", "x64", "p"},
		{"double d", "f64", "d"},
		{"float", "f32", NULL},
		{"int /* a comment */ n", "s32", "n"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct provider_file *file;
		char text[128];

		snprintf(text, sizeof(text), "provider p { probe q(%s); };",
			 cases[i].declared);
		file = parse(text);
		expect_argument(provider_file_find(file, "p", "q"), 0, cases[i].type,
				cases[i].name);
		provider_file_close(file);
	}
}

static void dtrace(void **state)
{
	struct provider_file *file = parse("#include <foo.h>\n"
					   "#define Oid unsigned int\n"
					   "#define EMPTY\n"
					   "typedef long size;\n"
					   "typedef struct { int a; char b[4]; } pair;\n"
					   "typedef enum { no, yes = 5, maybe } answer;\n"
					   "#pragma D attributes Evolving provider p\n"
					   "// a line\n"
					   "provider p {\n"
					   "\tprobe none();\n"
					   "\tprobe nothing(void);\n"
					   "\tprobe query-start(Oid o, size s, pair x);\n"
					   "\tprobe asked(answer a) : (int translated);\n"
					   "};\n"
					   "provider q { probe none(int); }\n");
	const struct provider_probe *probe;

	(void)state;
	assert_int_equal(file->nr_probes, 5);
	assert_int_equal(provider_file_find(file, "p", "none")->nr_arguments, 0);
	assert_int_equal(provider_file_find(file, "p", "nothing")->nr_arguments, 0);
	assert_int_equal(provider_file_find(file, "q", "none")->nr_arguments, 1);
	assert_null(provider_file_find(file, "q", "nothing"));
	probe = provider_file_find(file, "p", "query__start");
	expect_argument(probe, 0, "u32", "o");
	expect_argument(probe, 1, "s64", "s");
	expect_argument(probe, 2, "?", "x");
	assert_int_equal(probe->line, 12);
	probe = provider_file_find(file, "p", "asked");
	expect_argument(probe, 0, "u32", "a");
	assert_string_equal(argument_word(&probe->arguments[0], 6), "maybe");
	assert_null(argument_word(&probe->arguments[0], 1));
	provider_file_close(file);
}

static void trace_events(void **state)
{
	struct provider_file *file = parse(
		"# See docs/tracing.txt /* not a comment\n"
		"\n"
		"# block.c\n"
		"disable vcpu cpu_in(unsigned int addr, char size) \"addr 0x%x(%c)\"\n"
		"blk_done(void *bs, uint64_t n, const char *s) \"%p %\" PRIu64 \" %s\"\n"
		"nop plain(void) \"\"\n");

	(void)state;
	assert_int_equal(file->nr_probes, 3);
	expect_argument(provider_file_find(file, "qemu", "cpu_in"), 1, "s8", "size");
	expect_argument(provider_file_find(file, "any", "blk_done"), 0, "x64", "bs");
	expect_argument(provider_file_find(file, "any", "blk_done"), 2, "str", "s");
	provider_file_close(file);
}

static void bad(void **state)
{
	static const struct {
		const char *text, *reason;
	} cases[] = {
		{"provider p {\n probe a(int)\n};", "t.d:3: expected ';', found '}'"},
		{"provider p {\n\n prob a();\n};",
		 "t.d:3: expected 'probe' or '}', found 'prob'"},
		{"provider {\n", "t.d:1: expected a provider's name, found '{'"},
		{"provider p {",
		 "t.d:1: expected 'probe' or '}', found the end of the file"},
		{"provider p { probe a(int", "t.d:1: expected ',' or ')', found the end"},
		{"provider p { probe a(int,); };", "t.d:1: expected a type, found ')'"},
		{"provider p { probe a(int [); };", "t.d:1: expected ']', found the end"},
		{"provider p { probe (int); };",
		 "t.d:1: expected a probe's name, found '('"},
		{"\n\nblk_done \"x\"\n", "t.d:3: expected '('"},
		{"typedef struct { int a;", "t.d:1: expected '}', found the end"},
		{"typedef enum { a = b } t;", "t.d:1: expected a number, found 'b'"},
		{"typedef enum { } t;", "t.d:1: expected the name of a value, found '}'"},
		{"typedef enum { a };",
		 "t.d:1: expected the name of the type, found ';'"},
		{"typedef int;", "t.d:1: expected the name of the type"},
		{"x(int \x1b[2J)", "t.d:1: expected ',' or ')', found '\\x1b'"},
		{"provider p { probe "
		 "a(int,int,int,int,int,int,int,int,int,int,int,int,int); };",
		 "t.d:1: more than 12 arguments"},
		{"/* open\nprovider p { probe a(); };", NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct provider_file *file = NULL;
		struct failure f = {0};
		int err = provider_file_parse(&file, "t.d", cases[i].text, &f);

		if (!cases[i].reason) {
			assert_int_equal(err, 0);
			provider_file_close(file);
			continue;
		}
		assert_true(err == -EINVAL || err == -E2BIG);
		if (strncmp(f.text, cases[i].reason, strlen(cases[i].reason)) != 0)
			fail_msg("'%s': %s\n", cases[i].text, f.text);
	}
}

/* Too many of everything, and every file damaged in a thousand ways: an answer, always.
 */
static void too_much(void **state)
{
	size_t room = 4 << 20, used = 0;
	char *text = malloc(room);
	struct provider_file *file = NULL;
	struct failure f;

	(void)state;
	for (int i = 0; i < 300; i++)
		used += (size_t)snprintf(text + used, room - used, "#define a%d int\n",
					 i);
	assert_int_equal(provider_file_parse(&file, "t.d", text, &f), -E2BIG);
	used = (size_t)snprintf(text, room, "typedef enum {");
	for (int i = 0; i < 300; i++)
		used += (size_t)snprintf(text + used, room - used, "a%d,", i);
	assert_int_equal(provider_file_parse(&file, "t.d", text, &f), -E2BIG);
	for (used = 0; used < 1000000; used++)
		text[used] = '(';
	text[used] = 0;
	assert_int_equal(provider_file_parse(&file, "t.d", text, &f), -EINVAL);
	free(text);
}

static uint32_t next_random(uint32_t *seed)
{
	*seed = *seed * 1664525U + 1013904223U;
	return *seed >> 8;
}

/* Mostly by what the grammar knows. */
static void damage(char *text, size_t size, uint32_t *seed)
{
	static const char signs[] = "(){}[];:,*#\"/=";
	char *at = &text[next_random(seed) % size];

	if (next_random(seed) % 4)
		*at = signs[next_random(seed) % (sizeof(signs) - 1)];
	else
		*at = (char)(next_random(seed) & 0x7f);
}

static void damaged(void **state)
{
	static const char good[] =
		"#define Oid unsigned int\ntypedef enum { no, yes = 5 } answer;\n"
		"typedef struct { int a; } s;\nprovider p {\n"
		"probe a(Oid o, answer b, const char *c[3]);\nprobe b-c(s *) : "
		"(int);\n};\n"
		"blk(void *x, size_t y) \"%p\" PRIu64\n";
	uint32_t seed = 1;
	size_t accepted = 0;

	(void)state;
	for (int round = 0; round < 5000; round++) {
		struct provider_file *file = NULL;
		struct failure f = {0};
		char text[sizeof(good)];

		memcpy(text, good, sizeof(good));
		for (uint32_t n = next_random(&seed) % 6 + 1; n; n--)
			damage(text, sizeof(good) - 1, &seed);
		if (provider_file_parse(&file, "t.d", text, &f)) {
			assert_int_equal(strncmp(f.text, "t.d:", 4), 0);
		} else {
			accepted++;
			provider_file_close(file);
		}
	}
	assert_true(accepted > 0 && accepted < 5000);
}

static void files(void **state)
{
	char path[] = "/tmp/provider_test.XXXXXX";
	struct provider_file *file = NULL;
	struct failure f;
	FILE *to;

	(void)state;
	assert_int_equal(provider_file_open(&file, "/nonexistent.d", &f), -ENOENT);
	to = fdopen(mkstemp(path), "w");
	fwrite("provider p {\0};", 1, 15, to);
	fclose(to);
	assert_int_equal(provider_file_open(&file, path, &f), -EINVAL);
	assert_non_null(strstr(f.text, "NUL"));
	to = fopen(path, "w");
	fputs("provider p { probe a(int b); };", to);
	fclose(to);
	assert_int_equal(provider_file_open(&file, path, &f), 0);
	expect_argument(provider_file_find(file, "p", "a"), 0, "s32", "b");
	provider_file_close(file);
	remove(path);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(types),	cmocka_unit_test(dtrace),
		cmocka_unit_test(trace_events), cmocka_unit_test(bad),
		cmocka_unit_test(too_much),	cmocka_unit_test(damaged),
		cmocka_unit_test(files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
