// SPDX-License-Identifier: GPL-2.0-or-later
/* Job files: keys, units, inheritance, and what is said about a wrong line. */
#include "unit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/failure.h"
#include "probes/engine.h"
#include "probes/job.h"

static const char *jobs_directory;

static struct job_file parsed(const char *text)
{
	struct failure f = {{0}};
	struct job_file file;

	if (job_file_read_text(&file, "t.fio", text, &f))
		fail_msg("%s", f.text);
	return file;
}

static void sections_inherit_from_global(void **state)
{
	struct job_file file = parsed("[global]\n"
				      "filename=/a\n"
				      "bs=64k\n"
				      "direct=1\n"
				      "[one]\n"
				      "blocksize=4k ; of its own\n"
				      "[global]\n"
				      "iodepth=8\n"
				      "[two]\n"
				      "filename=/b # another\n");

	(void)state;
	assert_int_equal(file.count, 2);
	assert_string_equal(file.jobs[0].name, "one");
	assert_string_equal(file.jobs[0].filename, "/a");
	assert_int_equal(file.jobs[0].block_size, 4096);
	assert_int_equal(file.jobs[0].depth, 1);
	assert_true(file.jobs[0].direct);
	assert_string_equal(file.jobs[1].filename, "/b");
	assert_int_equal(file.jobs[1].block_size, 65536);
	assert_int_equal(file.jobs[1].depth, 8);
	job_file_free(&file);
}

static void values_have_fios_units(void **state)
{
	struct job_file file = parsed("[x]\n"
				      "filename=/dev/disk/by-path/pci-0000\\:00\n"
				      "size=1g\noffset=1m\noffset_increment=128m\n"
				      "runtime=2m\nramp_time=500ms\ntime_based\n"
				      "rwmixwrite=30\nrw=readwrite\n"
				      "poll_max_ns=32us\npoll_grow=3\npoll_shrink=2\n"
				      "poll_weight=3\npoll_algorithm=weighted\n"
				      "timer_latency=12us/80:400us/20\n"
				      "fsync=7\nend_fsync=1\nloops=4\nrandseed=99\n"
				      "group_reporting\nthread\nstonewall\nnorandommap\n"
				      "description=whatever it is\nname=y\n");
	const struct job *job = &file.jobs[0];

	(void)state;
	assert_string_equal(job->filename, "/dev/disk/by-path/pci-0000:00");
	assert_int_equal(job->size, 1ULL << 30);
	assert_int_equal(job->offset, 1 << 20);
	assert_int_equal(job->offset_increment, 128 << 20);
	assert_int_equal(job->runtime_ns, 120000000000);
	assert_int_equal(job->ramp_ns, 500000000);
	assert_true(job->time_based && job->group_reporting && job->thread);
	assert_true(job->stonewall && job->end_fsync);
	assert_int_equal(job->read_percent, 70);
	assert_int_equal(job->pattern, JOB_RW);
	assert_int_equal(job->poll.max_ns, 32000);
	assert_int_equal(job->poll.grow, 3);
	assert_int_equal(job->poll.shrink, 2);
	assert_int_equal(job->poll.weight, 3);
	assert_ptr_equal(job->poll_rule, &poll_weighted);
	assert_int_equal(job->latency.nr, 2);
	assert_int_equal(job->latency.parts[0].ns, 12000);
	assert_int_equal(job->latency.parts[0].percent, 80);
	assert_int_equal(job->latency.parts[1].ns, 400000);
	assert_int_equal(job->latency.parts[1].percent, 20);
	assert_int_equal(job->fsync_every, 7);
	assert_int_equal(job->loops, 4);
	assert_int_equal(job->seed, 99);
	assert_string_equal(job->name, "y");
	job_file_free(&file);
}

static void defaults_are_fios(void **state)
{
	struct job_file file = parsed("[x]\nfilename=/a\n");
	const struct job *job = &file.jobs[0];

	(void)state;
	assert_ptr_equal(job->engine, &engine_psync);
	assert_int_equal(job->pattern, JOB_READ);
	assert_int_equal(job->block_size, 4096);
	assert_int_equal(job->depth, 1);
	assert_int_equal(job->numjobs, 1);
	assert_false(job->direct);
	assert_int_equal(job->poll.max_ns, 0);
	assert_ptr_equal(job->poll_rule, &poll_context);
	job_file_free(&file);
}

static void command_line_overrides_all_jobs(void **state)
{
	struct job_file file = parsed("[a]\nruntime=120\n[b]\nfilename=/x\n");
	struct failure f = {{0}};

	(void)state;
	assert_int_equal(job_file_override(&file, "runtime", "3", &f), 0);
	assert_int_equal(file.jobs[0].runtime_ns, 3000000000);
	assert_int_equal(file.jobs[1].runtime_ns, 3000000000);
	assert_int_equal(job_file_override(&file, "ioengine", "nvme", &f), -EINVAL);
	assert_non_null(strstr(f.text, "io_uring, libaio, psync, null"));
	job_file_free(&file);
}

/* Whatever a job file calls a key, the JSON calls it what fio's calls it. */
static void options_have_fios_names(void **state)
{
	struct job_file file = parsed("[a]\nblocksize=4k\nreadwrite=read\nsize=1m\n");
	const struct job_options *options = &file.jobs[0].options;

	(void)state;
	assert_int_equal(options->count, 3);
	assert_string_equal(options->items[0].key, "bs");
	assert_string_equal(options->items[1].key, "rw");
	assert_string_equal(options->items[2].key, "size");
	job_file_free(&file);
}

static const struct {
	const char *text;
	const char *message; /* what must be in it */
} wrong[] = {
	{"[x]\nbs=4k\niodeph=3\n",
	 "t.fio:3: unknown key 'iodeph', did you mean 'iodepth'"},
	{"[x]\nrate_iops=1\n",
	 "t.fio:2: unknown or unsupported key 'rate_iops'; the nearest known one is '"},
	{"[x]\nblocksize=4q\n", "t.fio:2: blocksize: "},
	{"[x]\nbs=4k-8k\n", "t.fio:2: bs: '4k-8k': ranges are not supported, give one"},
	{"[x]\nbs=4k,8k\n", "bs: '4k,8k': lists are not supported, give one size"},
	{"[x]\nsize=50%\n", "size: '50%': percent is not supported, give bytes"},
	{"[x]\nsize=-4k\n", "t.fio:2: size: "},
	{"[x]\ndirectory=/a\n",
	 "unknown key 'directory': give the whole path in filename="},
	{"[x]\nnorandommap=0\n", "norandommap: only 1 is supported, not '0'"},
	{"[x]\nbs=0\n", "t.fio:2: bs: "},
	{"[x]\n\n# comment\nruntime=soon\n", "t.fio:4: runtime: "},
	{"[x]\nrw=trim\n", "read, write, rw, randread, randwrite, randrw"},
	{"[x]\nioengine=sync\n", "io_uring, libaio, psync, null"},
	{"[x]\nrwmixread=101\n", "not between 0 and 100"},
	{"[x]\nloops=0\n", "loops: '0' is below 1"},
	{"[x]\npoll_algorithm=best\n", "unknown poll_algorithm 'best', expected one of "
				       "context, handler, weighted, fathom"},
	{"[x]\npoll_weight=63\n", "not between 0 and 62"},
	{"[x]\ntimer_latency=soon\n", "t.fio:2: timer_latency: "},
	{"[x]\ntimer_latency=1us/50\n", "timer_latency: the latencies make 50 %, not 100"},
	{"[x]\ndirect=yes\n", "neither 0 nor 1"},
	{"[x]\nsize\n", "size needs a value"},
	{"[x]\nfilename=/a:/b\n", "one file per job"},
	{"bs=4k\n[x]\n", "t.fio:1: "},
	{"[global]\nbs=4k\n", "no job"},
	{"", "no job"},
	{"\r[x]\nbs=4q\n", "t.fio:2: bs: "},
};

static void wrong_lines_are_explained(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		struct failure f = {{0}};
		struct job_file file;
		int err = job_file_read_text(&file, "t.fio", wrong[i].text, &f);

		if (err >= 0 || !strstr(f.text, wrong[i].message) ||
		    strstr(f.text + 1, "t.fio:")) /* the place stands there once */
			fail_msg("%s: %d '%s'", wrong[i].message, err, f.text);
		job_file_free(&file);
	}
}

static const struct {
	const char *text;
	const char *message;
} contradictions[] = {
	{"[x]\n", "filename is missing"},
	{"[x]\nfilename=/a\ntime_based\n", "time_based needs a runtime"},
	{"[x]\nioengine=null\n", "size or runtime"},
	{"[x]\nfilename=/a\ntimer_latency=5us\n", "needs ioengine=timer"},
	{"[x]\nfilename=/a\nsize=1k\n", "smaller than one block"},
	{"[x]\nfilename=/a\nbs=64m\niodepth=1000\n", "more than 4 GiB"},
	{"[x]\nfilename=/a\nioengine=io_uring\nbs=512\niodepth=32769\n",
	 "job [x]: io_uring takes an iodepth of at most 32768, not 32769"},
	{"[global]\nfilename=/a\nbs=64m\n[x]\niodepth=40\n[y]\niodepth=40\n",
	 "job [y]: blocksize * iodepth * numjobs"},
	{"[x]\nfilename=/a\noffset=8e\nnumjobs=9\noffset_increment=4096p\n", ""},
};

static void contradictions_are_explained(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(contradictions); i++) {
		struct failure f = {{0}};
		struct job_file file;
		int err = job_file_read_text(&file, "t", contradictions[i].text, &f);

		if (!err)
			err = job_file_check(&file, &f);
		if (err >= 0 || !strstr(f.text, contradictions[i].message))
			fail_msg("%s: %d '%s'", contradictions[i].message, err, f.text);
		job_file_free(&file);
	}
}

static void only_jobs_that_run_together_share_the_memory(void **state)
{
	struct job_file file = parsed("[global]\nfilename=/a\nbs=64m\niodepth=40\n"
				      "[x]\n[y]\nstonewall\n[z]\nstonewall\n");
	struct failure f = {{0}};

	(void)state;
	if (job_file_check(&file, &f))
		fail_msg("%s", f.text);
	job_file_free(&file);
}

static struct job_file shipped(const char *name)
{
	struct failure f = {{0}};
	struct job_file file;
	char path[512];

	snprintf(path, sizeof(path), "%s/%s", jobs_directory, name);
	if (job_file_read(&file, path, &f) || job_file_check(&file, &f))
		fail_msg("%s", f.text);
	assert_int_equal(file.jobs[0].runtime_ns, 120000000000);
	assert_int_equal(file.jobs[0].ramp_ns, 10000000000);
	assert_ptr_equal(file.jobs[0].engine, &engine_libaio);
	assert_true(file.jobs[0].direct);
	assert_string_equal(file.jobs[0].name, "read");
	return file;
}

static void classic_jobs_are_understood(void **state)
{
	struct job_file file = shipped("sequential-read.fio");

	(void)state;
	assert_int_equal(file.jobs[0].numjobs, 16);
	assert_int_equal(file.jobs[0].block_size, 65536);
	assert_int_equal(file.jobs[0].offset_increment, 128 << 20);
	job_file_free(&file);
	file = shipped("random-read.fio");
	assert_int_equal(file.jobs[0].pattern, JOB_RANDREAD);
	job_file_free(&file);
	file = shipped("random-mixed.fio");
	assert_int_equal(file.jobs[0].pattern, JOB_RANDRW);
	assert_int_equal(file.jobs[0].read_percent, 70);
	assert_int_equal(file.jobs[0].depth, 4);
	job_file_free(&file);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sections_inherit_from_global),
		cmocka_unit_test(values_have_fios_units),
		cmocka_unit_test(defaults_are_fios),
		cmocka_unit_test(command_line_overrides_all_jobs),
		cmocka_unit_test(options_have_fios_names),
		cmocka_unit_test(wrong_lines_are_explained),
		cmocka_unit_test(contradictions_are_explained),
		cmocka_unit_test(only_jobs_that_run_together_share_the_memory),
		cmocka_unit_test(classic_jobs_are_understood),
	};

	if (argc != 2)
		return 2;
	jobs_directory = argv[1];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
