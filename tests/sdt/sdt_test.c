// SPDX-License-Identifier: GPL-2.0-or-later
/* The notes that <fathom/sdt.h> emits, read back by trace/sdt_file.h. */
#include "unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/failure.h"
#include "trace/sdt_file.h"

static const char *probed; /* a build of probed.c */
static bool expect_nop5;   /* it was built without a red zone */

static struct sdt_file *file;

static int open_probed(void **state)
{
	struct failure f = {{0}};

	(void)state;
	if (sdt_file_open(&file, probed, &f)) {
		print_error("%s\n", f.text);
		return -1;
	}
	return 0;
}

static int close_probed(void **state)
{
	(void)state;
	sdt_file_close(file);
	return 0;
}

static const struct sdt_probe *find(const char *name)
{
	for (size_t i = 0; i < file->nr_probes; i++)
		if (!strcmp(file->probes[i].name, name))
			return &file->probes[i];
	fail_msg("no probe called %s", name);
	return NULL;
}

static void test_probes_and_sites(void **state)
{
	(void)state;
	assert_int_equal(file->nr_probes, 4);
	assert_int_equal(file->nr_bad_notes, 0);
	assert_int_equal(file->build_id_size, 20);
	assert_string_equal(file->probes[0].provider, "demo");
	assert_string_equal(file->probes[0].name, "costly");
	assert_int_equal(find("two__sites")->nr_sites, 2);
	assert_int_equal(find("every_type")->nr_sites, 1);
}

static void test_names_and_types(void **state)
{
	static const char *const expected[] = {"u8 a_u8",   "u16 a_u16", "u32 a_u32",
					       "u64 a_u64", "s8 a_s8",	 "s16 a_s16",
					       "s32 a_s32", "s64 a_s64", "x64 a_x64",
					       "f64 a_f64", "str a_str", "u8 op"};
	const struct sdt_probe *probe = find("every_type");

	(void)state;
	assert_true(probe->has_names);
	assert_int_equal(probe->nr_arguments, 12);
	for (size_t i = 0; i < 12; i++) {
		char type[8], text[80];

		snprintf(text, sizeof(text), "%s %s",
			 argument_type_text(&probe->arguments[i], type),
			 probe->arguments[i].name);
		assert_string_equal(text, expected[i]);
	}
	assert_string_equal(argument_word(&probe->arguments[11], 1), "write");
	assert_string_equal(argument_word(&probe->arguments[11], -1), "none");
	assert_null(argument_word(&probe->arguments[11], 2));
	assert_true(find("no_arguments")->has_names);
	assert_int_equal(find("no_arguments")->nr_arguments, 0);
}

static void test_semaphore(void **state)
{
	(void)state;
	assert_int_not_equal(find("costly")->sites[0].semaphore, 0);
	assert_int_equal(find("every_type")->sites[0].semaphore, 0);
}

static void test_nops(void **state)
{
	(void)state;
	for (size_t i = 0; i < file->nr_probes; i++)
		for (size_t k = 0; k < file->probes[i].nr_sites; k++) {
			const struct sdt_site *site = &file->probes[i].sites[k];

			assert_int_equal(site->bytes[0], 0x90);
			assert_true(site->has_nop10);
			assert_int_equal(site->has_nop5, expect_nop5);
		}
}

/* Every cut and many changed bytes: refused or read, but never a crash. */
static void test_damage(void **state)
{
	FILE *in = fopen(probed, "rb");
	uint8_t whole[65536];
	size_t size = fread(whole, 1, sizeof(whole), in);
	int fd = memfd_create("damaged", 0);
	char path[64];

	(void)state;
	fclose(in);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	for (size_t i = 0; i < size; i += 61) {
		struct sdt_file *damaged = NULL;
		uint8_t old = whole[i];

		whole[i] = (uint8_t)~old;
		assert_int_equal(pwrite(fd, whole, size, 0), size);
		whole[i] = old;
		if (!sdt_file_open(&damaged, path, NULL))
			sdt_file_close(damaged);
		assert_int_equal(ftruncate(fd, (off_t)i), 0);
		if (!sdt_file_open(&damaged, path, NULL))
			sdt_file_close(damaged);
	}
	close(fd);
}

static void test_not_elf(void **state)
{
	struct sdt_file *none = NULL;
	struct failure f = {{0}};

	(void)state;
	assert_int_equal(sdt_file_open(&none, "/etc/passwd", &f), -EINVAL);
	assert_string_equal(f.text, "/etc/passwd: not an ELF file");
	assert_int_equal(sdt_file_open(&none, "/nowhere", &f), -ENOENT);
	assert_int_equal(sdt_file_open(&none, "/", &f), -EINVAL);
}

static void test_declarations(void **state)
{
	static const char *const bad[] = {
		"u7 x",	    "u64",	"u64 ",	   "u64 1x",	  "f8 x", "u8( x",
		"u8(0=a x", "u8(=a) x", "u8(0) x", "u64 a,u64 b", "str",  "u64 a;;u64 b"};
	struct argument arguments[ARGUMENTS_MAX];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(arguments_parse(bad[i], arguments, NULL), -EINVAL);
	assert_int_equal(
		arguments_parse("u8 a;u8 b;u8 c;u8 d;u8 e;u8 f;u8 g;u8 h;u8 i;u8 j;u8 k;"
				"u8 l;u8 m",
				arguments, NULL),
		-E2BIG);
	assert_int_equal(arguments_parse("", arguments, NULL), 0);
	assert_int_equal(arguments_parse("u8(0=a, 1=b) x;str y", arguments, NULL), 2);
	arguments_release(arguments, 2);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_probes_and_sites),
		cmocka_unit_test(test_names_and_types),
		cmocka_unit_test(test_semaphore),
		cmocka_unit_test(test_nops),
		cmocka_unit_test(test_damage),
		cmocka_unit_test(test_not_elf),
		cmocka_unit_test(test_declarations),
	};

	if (argc != 3)
		return 2;
	probed = argv[1];
	expect_nop5 = !strcmp(argv[2], "nop5");
	return cmocka_run_group_tests(tests, open_probed, close_probed);
}
