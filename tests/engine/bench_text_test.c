// SPDX-License-Identifier: GPL-2.0-or-later
/* The summary for people, of results that are made up. */
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "probes/bench_report.h"
#include "probes/engine.h"
#include "probes/job.h"
#include "probes/run.h"

static struct job job;
static struct worker worker;
static struct run_disk disk;
static struct job_file file;
static struct run run;

/* A run of one worker that measured nothing so far, for @elapsed_ns. */
static void set_up(uint64_t elapsed_ns)
{
	job = (struct job){.name = (char *)"x",
			   .engine = &engine_null,
			   .poll_rule = &poll_context,
			   .depth = 1};
	worker = (struct worker){.job = &job, .depth = 1};
	statistics_reset(&worker.statistics);
	worker.statistics.elapsed_ns = worker.statistics.thread_ns = elapsed_ns;
	disk = (struct run_disk){.name = "vda"};
	run = (struct run){
		.file = &file,
		.workers = &worker,
		.nr_workers = 1,
		.nr_done = 1,
		.disks = &disk,
		.nr_disks = 1,
		.elapsed_ns = elapsed_ns,
	};
}

static void read_blocks(unsigned count, uint64_t clat_ns, uint64_t lat_ns)
{
	struct direction *d = &worker.statistics.direction[0];

	d->ios += count;
	d->bytes += 4096 * count;
	for (unsigned i = 0; i < count; i++) {
		histogram_add(&d->clat, clat_ns);
		histogram_add(&d->lat, lat_ns);
	}
}

/* Is @expected somewhere in the summary? */
static bool printed(const char *expected)
{
	char *text = NULL;
	size_t size = 0;
	FILE *to = open_memstream(&text, &size);
	json_t *results = bench_results(&run, NULL);
	bool found;

	assert_non_null(to);
	assert_non_null(results);
	bench_text(results, to);
	fclose(to);
	json_decref(results);
	found = strstr(text, expected);
	if (!found)
		print_message("%s", text);
	free(text);
	return found;
}

static void percentiles_are_those_of_lat(void **state)
{
	(void)state;
	set_up(1000000000);
	read_blocks(1000, 41, 200);
	assert_true(printed("    lat percentiles (nsec):\n"
			    "     |  1.00th=[  200],  5.00th=[  200], 10.00th=[  200], "
			    "20.00th=[  200],\n     | 30.00th"));
	assert_true(printed("     | 99.99th=[  200]\n"));
}

/* Unlike in the line of slat, clat and lat the first percentile decides, not min. */
static void percentiles_have_the_unit_of_the_percentiles(void **state)
{
	(void)state;
	set_up(1000000000);
	read_blocks(1, 10, 40);
	read_blocks(999, 10, 150000);
	assert_true(printed("    lat percentiles (usec):\n     |  1.00th=[  15"));
	assert_true(printed("     lat (nsec): min=40, "));
	read_blocks(100, 10, 1000);
	assert_true(printed("    lat percentiles (nsec):\n     |  1.00th=[  1002]"));
	set_up(1000000000);
	read_blocks(1000, 10, 150000000);
	assert_true(printed("    lat percentiles (msec):\n     |  1.00th=[  15"));
}

static void samples_are_told_as_a_share_of_the_group(void **state)
{
	static struct worker two[2];

	(void)state;
	set_up(1000000000);
	read_blocks(1000, 1, 1); /* 4000 KiB/s */
	samples_add(&worker.bandwidth[0], 3000);
	samples_add(&worker.iops[0], 750);
	assert_true(printed("   bw (  KiB/s): min= 3000, max= 3000, per=75.00%, "
			    "avg=3000.00, stdev=0.00, samples=1\n"));
	two[0] = two[1] = worker;
	run.workers = two;
	run.nr_workers = run.nr_done = 2;
	assert_true(printed("per=37.50%, avg=3000.00"));
	two[1].group = 1;
	assert_true(printed("per=75.00%, avg=3000.00"));
	samples_add(&two[0].bandwidth[0], 20000000);
	assert_true(printed("   bw (  MiB/s): min=    3, max=19531, per=100.00%, "));
}

static void closing_lines_are_as_fio_writes_them(void **state)
{
	(void)state;
	set_up(2000100000);
	read_blocks(96000, 1, 1);
	assert_true(printed("   READ: bw=187MiB/s (197MB/s), 187MiB/s-187MiB/s "
			    "(197MB/s-197MB/s), io=375MiB (393MB), run=2001-2001msec\n"));
	set_up(300000);
	read_blocks(16, 1, 1);
	assert_true(printed("(64.0KiB/1msec)\n"));
	assert_true(printed("io=64.0KiB (65.5kB), run=1-1msec\n"));
}

static void what_is_not_known_is_left_out(void **state)
{
	(void)state;
	set_up(300000);
	read_blocks(16, 1, 1);
	assert_true(printed("  cpu          : ctx=0, majf=0, minf=0\n"));
	worker.statistics.cpu.user_ns = 30000;
	assert_true(printed("  cpu          : usr=10.00%, sys=0.00%, ctx=0, majf=0, "
			    "minf=0, per I/O=1.88us\n"));
}

/* The kernel counts busy time in ticks, which are longer than short runs. */
static void a_disk_is_busy_all_the_time_at_most(void **state)
{
	(void)state;
	set_up(700000);
	disk.used.busy_ms = 4;
	assert_true(printed("util=100.00%\n"));
	set_up(16000000);
	disk.used.busy_ms = 4;
	assert_true(printed("util=25.00%\n"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(samples_are_told_as_a_share_of_the_group),
		cmocka_unit_test(percentiles_are_those_of_lat),
		cmocka_unit_test(percentiles_have_the_unit_of_the_percentiles),
		cmocka_unit_test(closing_lines_are_as_fio_writes_them),
		cmocka_unit_test(what_is_not_known_is_left_out),
		cmocka_unit_test(a_disk_is_busy_all_the_time_at_most),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
