// SPDX-License-Identifier: GPL-2.0-or-later
/* What an agent lets a job ask for. */
#include "unit.h"

#include <stdbool.h>
#include <string.h>

#include "core/failure.h"
#include "probes/agent_rules.h"
#include "probes/job.h"

static const struct agent_limits limits = {
	.time_ns = 10000000000,
	.workers = 8,
	.memory = 64 << 20,
};

/* @why: a part of the reason, NULL if it may run. */
static void judged(const char *text, const char *why)
{
	struct failure f = {{0}};
	struct job_file file;
	int err;

	assert_int_equal(job_file_read_text(&file, "test", text, &f), 0);
	assert_int_equal(job_file_check(&file, &f), 0);
	err = agent_limits_check(&limits, &file, &f);
	job_file_free(&file);
	if (!err != !why || (why && !strstr(f.text, why)))
		fail_msg("%s: %s", text, f.text);
}

#define NULL_JOB "ioengine=null\nsize=1m\n"

static void workers_of_all_sections_count(void **state)
{
	(void)state;
	judged("[global]\n" NULL_JOB "numjobs=4\n[a]\n[b]\nstonewall\n", NULL);
	judged("[global]\n" NULL_JOB "numjobs=4\n[a]\n[b]\nstonewall\n[c]\nnumjobs=1\n",
	       "9 workers, and the agent's --max-workers allows 8");
}

static void groups_follow_one_another(void **state)
{
	(void)state;
	judged("[global]\n" NULL_JOB "runtime=5\n[a]\n[b]\nruntime=6\n[c]\nstonewall\n"
	       "ramp_time=1\nruntime=3\n",
	       NULL);
	judged("[global]\n" NULL_JOB "runtime=5\n[a]\n[b]\nruntime=6\n[c]\nstonewall\n"
	       "ramp_time=2\nruntime=3\n",
	       "takes 11.0 s, and the agent's --max-time allows 10.0 s");
	judged("[global]\n" NULL_JOB "runtime=100000d\nramp_time=100000d\nstonewall\n"
	       "[a]\n[b]\n[c]\n",
	       "--max-time");
}

static void buffers_of_a_group_are_there_at_once(void **state)
{
	(void)state;
	judged("[global]\n" NULL_JOB "bs=1m\niodepth=30\n[a]\n[b]\nstonewall\n", NULL);
	judged("[global]\n" NULL_JOB "bs=1m\niodepth=30\n[a]\n[b]\n[c]\n", "--max-memory");
	judged("[a]\n" NULL_JOB "bs=1\niodepth=65536\nnumjobs=8\n", NULL);
	judged("[a]\n" NULL_JOB "bs=64\niodepth=65536\nnumjobs=8\n", "--max-memory");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(workers_of_all_sections_count),
		cmocka_unit_test(groups_follow_one_another),
		cmocka_unit_test(buffers_of_a_group_are_there_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
