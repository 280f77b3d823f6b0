// SPDX-License-Identifier: GPL-2.0-or-later
/* Request models: good ones, bad ones with their line, hostile ones. */
#include "unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "trace/requests/model_find.h"
#include "trace/requests/model_search.h"
#include "core/failure.h"
#include "events.h"
#include "model_read.h"

static const char good[] =
	"# a comment\n"
	"[request disk]\n"
	"about = requests of a disk\n"
	"scope = thread ; and another\n"
	"submit = qemu:blk_read(vdev, req, sector,n)  key=req op=\"read it\" "
	"offset=sector*512+7 length=n*0x200\n"
	"submit = qemu:blk_any key=arg2 op=kind{0:in, 1:out} fd=3\n"
	"complete = qemu:blk_done key=req status=status\n"
	"stage queued = qemu:queue key=req count=n\n"
	"stage below = qemu:preadv offset=at length=bytes op=\"read it\" alias=cb\n"
	"leave below = qemu:preadv_done key=cb\n"
	"[request trim]\n"
	"scope = stack\n"
	"submit = qemu:trim\n"
	"stage queued = qemu:queue\n"
	"complete = qemu:trimmed\n"
	"[poll]\n"
	"begin = qemu:poll_begin loop=ctx budget=max\n"
	"wait_end = qemu:wait_end\n";

static void test_good(void **state)
{
	struct model *m = read_first(good);

	(void)state;
	assert_string_equal(m->name, "text/disk");
	assert_string_equal(m->about, "requests of a disk");
	assert_int_equal(m->scope, SCOPE_THREAD);
	assert_int_equal(m->nr_lines, 8);
	assert_int_equal(m->lines[0].nr_arguments, 4);
	assert_string_equal(m->lines[0].arguments[3], "n");
	assert_string_equal(m->lines[0].op_word, "read it");
	assert_int_equal(m->lines[0].values[VALUE_OFFSET].nr_terms, 2);
	assert_int_equal(m->lines[0].values[VALUE_OFFSET].terms[0].constant, 512);
	assert_int_equal(m->lines[0].values[VALUE_OFFSET].terms[1].constant, 7);
	assert_int_equal(m->lines[0].values[VALUE_LENGTH].terms[0].constant, 512);
	assert_int_equal(m->lines[1].nr_op_words, 2);
	assert_string_equal(m->lines[1].op_words[1].word, "out");
	assert_int_equal(m->lines[7].role, ROLE_WAIT_END);
	model_free(m);
}

static void test_stages(void **state)
{
	struct model *m = read_first(good);

	(void)state;
	assert_int_equal(m->nr_stages, 2);
	assert_string_equal(m->stages[0], "queued");
	assert_string_equal(m->stages[1], "below");
	assert_int_equal(m->lines[3].role, ROLE_STAGE);
	assert_int_equal(m->lines[3].values[VALUE_COUNT].nr_terms, 1);
	assert_int_equal(m->lines[4].stage, 1);
	assert_int_equal(m->lines[4].values[VALUE_ALIAS].nr_terms, 1);
	assert_int_equal(m->lines[5].role, ROLE_LEAVE);
	assert_int_equal(m->lines[5].stage, 1);
	model_free(m);
}

/* Each section is a model; the lines of [poll] belong to all. */
static void test_sections(void **state)
{
	struct model_file *file;
	struct failure f = {""};

	(void)state;
	assert_int_equal(model_file_read_text(&file, "a/b.model", good, &f), 0);
	assert_int_equal(file->nr_models, 2);
	for (size_t i = 0; i < file->nr_models; i++) {
		assert_true(model_has_role(file->models[i], ROLE_POLL_BEGIN));
		assert_true(model_has_role(file->models[i], ROLE_WAIT_END));
	}
	assert_string_equal(file->models[0]->name, "b/disk");
	assert_string_equal(file->models[1]->name, "b/trim");
	assert_true(model_has_keys(file->models[0]));
	assert_false(model_has_keys(file->models[1]));
	assert_int_equal(file->models[1]->nr_lines, 5);
	model_file_free(file);
}

static void test_too_many(void **state)
{
	char *text = calloc(1, 8192), *end = text;
	struct model_file *file;
	struct failure f = {""};

	(void)state;
	for (int i = 0; i <= MODELS_MAX; i++)
		end += sprintf(end,
			       "[request r%d]\nsubmit = a:b key=c\n"
			       "complete = a:b key=c\n",
			       i);
	assert_int_equal(model_file_read_text(&file, "x", text, &f), -E2BIG);
	assert_non_null(strstr(f.text, "more than 32 requests"));
	end = text + sprintf(text, "[request r]\n");
	for (int i = 0; i <= MODEL_STAGES_MAX; i++)
		end += sprintf(end, "stage s%d = a:b key=c\n", i);
	assert_int_equal(model_file_read_text(&file, "x", text, &f), -E2BIG);
	assert_non_null(strstr(f.text, "x:18: more than 16 stages"));
	free(text);
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
	{"[request x]\n[request x]\n", "bad:2: a second [request x]"},
	{"[request x y]\n", "'x y' is not the name of a request"},
	{"[request x/y]\n", "'x/y' is not the name of a request"},
	{"[request aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa]\n",
	 "the name of a request has at most 40 bytes"},
	{"[request x]\nsubmit = a:b key=c\ncomplete = a:b key=c\n[poll]\nend = a:b\n"
	 "[request y]\n",
	 "bad:6: [poll] comes behind every [request NAME]"},
	{"[poll]\nend = a:b\n", "bad:1: expected [request NAME] first"},
	{"[request x]\nsubmit = a:b key=c\n[request y]\nsubmit = a:b key=c\n"
	 "complete = a:b key=c\n",
	 "bad:3: [request x]: submit without complete"},
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
	{"[request x]\nscope = world\n", "scope is process, thread, system or stack"},
	{"[request x]\nkeys = new\n", "keys is unique or reused, not 'new'"},
	{"[request x]\nsubmit = a:b key=c\nscope = stack\n",
	 "bad:3: scope comes before the probes"},
	{"[request x]\nabout = a\nabout = b\n", "bad:3: 'about' is given twice"},
	{"[request x]\nabout = "
	 "01234567890123456789012345678901234567890123456789012345678"
	 "90123456789012345678901\n",
	 "bad:2: about is longer than 80 bytes"},
	{"[request x]\nstage = a:b key=c\n", "bad:2: expected 'stage NAME ='"},
	{"[request x]\nleave = a:b key=c\n", "bad:2: expected 'leave NAME ='"},
	{"[request x]\nstage a b = a:b key=c\n", "'a b' is not the name of a stage"},
	{"[request x]\nstage submit = a:b key=c\n", "a stage cannot be called submit"},
	{"[request x]\nleave s = a:b key=c\n", "'leave s' without 'stage s' before it"},
	{"[request x]\nstage s = a:b\n", "bad:2: stage needs key= or offset="},
	{"[request x]\nstage s = a:b key=c offset=d\n", "exclude each other"},
	{"[request x]\nstage s = a:b offset=c count=d\n", "count= needs key="},
	{"[request x]\nstage s = a:b key=c length=d\n", "length= needs offset="},
	{"[request x]\nstage s = a:b key=c fd=d\n", "'stage' takes no 'fd'"},
	{"[request x]\nstage s = a:b key=c\n", "stages without submit and complete"},
	{"[request x]\nscope = stack\nstage s = a:b alias=c\n", "on a stack, offset="},
	{"[request x]\nscope = stack\nsubmit = a:b key=c\ncomplete = a:b\n",
	 "some submits and completes have a key, and some have none"},
	{"[request x]\nscope = stack\nsubmit = a:b\ncomplete = a:b key=c\n",
	 "some submits and completes have a key, and some have none"},
	{"[request x]\nsubmit\n", "'submit' has no value"},
};

static void test_bad(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct failure f = {""};
		struct model_file *m = NULL;
		int err = model_file_read_text(&m, "bad", bad[i].text, &f);

		if (!err || !strstr(f.text, bad[i].says))
			fail_msg("case %zu: %d, '%s' should say '%s'", i, err, f.text,
				 bad[i].says);
		assert_null(m);
	}
}

static void test_too_many_lines(void **state)
{
	struct failure f = {""};
	struct model_file *m = NULL;
	char *text = calloc(MODEL_LINES_MAX + 2, 64);

	(void)state;
	strcpy(text, "[request x]\n");
	for (int i = 0; i <= MODEL_LINES_MAX; i++)
		strcat(text, "submit = a:b key=c\n");
	assert_int_equal(model_file_read_text(&m, "long", text, &f), -E2BIG);
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
		struct model_file *m = NULL;
		char text[sizeof(good)];

		memcpy(text, good, sizeof(good));
		for (uint64_t n = next_random(&seed) % 4 + 1; n; n--)
			text[next_random(&seed) % (sizeof(good) - 1)] =
				"(){}[]=+*:\",;# \n\x01\xff"
				"a0"[next_random(&seed) % 20];
		if (!model_file_read_text(&m, "hostile", text, &f)) {
			taken++;
			model_file_free(m);
		} else {
			refused++;
			assert_true(*f.text);
		}
	}
	assert_true(taken > 100);
	assert_true(refused > 100);
}

/* All can be read, say what a request is, and are found by their names. */
static void test_shipped(void **state)
{
	unsigned count = 0;

	(void)state;
	assert_string_equal(shipped_models[0].name, "fathom");
	for (size_t i = 0; shipped_models[i].name; i++) {
		struct model_file *file;
		struct failure f = {""};

		if (model_find(&file, shipped_models[i].name, &f))
			fail_msg("%s", f.text);
		for (size_t m = 0; m < file->nr_models; m++, count++) {
			struct model *found = find_first(file->models[m]->name);

			assert_string_equal(found->name, file->models[m]->name);
			assert_true(model_has_role(found, ROLE_SUBMIT));
			assert_non_null(found->about);
			model_free(found);
		}
		model_file_free(file);
	}
	assert_true(count > 4);
}

static void write_file(const char *directory, const char *name, const char *text)
{
	char path[256];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static void remove_files(const char *directory)
{
	char command[256];

	snprintf(command, sizeof(command), "rm -r %s", directory);
	assert_int_equal(system(command), 0);
}

#define PAIR(name) "[request " name "]\nsubmit = p:a key=x\ncomplete = p:b key=x\n"

/* Which names lead to which model, with two files on the path. */
static void test_find(void **state)
{
	static const struct {
		const char *which, *name; /* NULL: it must fail */
		const char *says;
	} cases[] = {
		{"one", "lonely", NULL},
		{"one/lonely", "lonely", NULL},
		{"lonely", "lonely", NULL},
		{"two", "two/first", NULL},
		{"two/second", "two/second", NULL},
		{"second", "two/second", NULL},
		{"fathom", "mine", NULL}, /* the path comes before the shipped ones */
		{"./two.model", "two/first", NULL},
		{"two.model/second", "two/second", NULL},
		{"first", NULL, "'first' is a model of "},
		{"two/third", NULL,
		 "two.model has no model 'third': there are first, second"},
		{"one.model/x", NULL, "has no model 'x': there are lonely"},
		{"nonsuch", NULL,
		 "no model 'nonsuch': there are broken, fathom, one, three, two"},
		{"no/such", NULL, "no model 'no/such'"},
		{"./nonsuch.model", NULL, "./nonsuch.model: No such file"},
		{"broken", NULL, "broken.model:1: "},
	};
	char directory[] = "/tmp/fathom-models-XXXXXX", *before = getcwd(NULL, 0);

	(void)state;
	assert_non_null(mkdtemp(directory));
	write_file(directory, "one.model", PAIR("lonely"));
	write_file(directory, "two.model", PAIR("first") PAIR("second"));
	write_file(directory, "three.model", PAIR("first"));
	write_file(directory, "fathom.model", PAIR("mine"));
	write_file(directory, "not-one.txt", PAIR("mine"));
	write_file(directory, "broken.model", "x = y\n");
	setenv("FATHOM_MODEL_PATH", directory, 1);
	assert_int_equal(chdir(directory), 0);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct model_file *file;
		struct failure f = {""};
		int err = model_find(&file, cases[i].which, &f);

		if (!err != !!cases[i].name)
			fail_msg("%s: %d %s", cases[i].which, err, f.text);
		if (err && !strstr(f.text, cases[i].says))
			fail_msg("%s: '%s'", cases[i].which, f.text);
		if (!err) {
			assert_string_equal(file->models[0]->name, cases[i].name);
			model_file_free(file);
		}
	}
	unsetenv("FATHOM_MODEL_PATH");
	assert_int_equal(chdir(before), 0);
	free(before);
	remove_files(directory);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_stages),
		cmocka_unit_test(test_sections),
		cmocka_unit_test(test_too_many),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_too_many_lines),
		cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_shipped),
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_specs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
