// SPDX-License-Identifier: GPL-2.0-or-later
/* Every engine keeps the contract of engine.h: what is queued is reaped, once. */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/failure.h"
#include "probes/engine.h"
#include "probes/latency_mix.h"
#include "probes/probes.h"

enum { DEPTH = 8, BLOCK = 4096 };

struct rig {
	const struct engine *engine;
	void *queue;
	char *buffers;
	struct request requests[DEPTH];
};

static const struct latency_mix usual_latency;

static bool set_up(struct rig *rig, const char *name, int fd, bool polls)
{
	struct failure f = {{0}};
	struct engine_setup setup = {
		.depth = DEPTH,
		.fd = fd,
		.requests = rig->requests,
		.buffers_size = DEPTH * BLOCK,
		.latency = &usual_latency,
		.polls = polls,
	};
	int err;

	*rig = (struct rig){.engine = engine_find(name)};
	assert_int_equal(posix_memalign((void **)&rig->buffers, BLOCK, DEPTH * BLOCK), 0);
	setup.buffers = rig->buffers;
	for (unsigned i = 0; i < DEPTH; i++)
		rig->requests[i] = (struct request){
			.id = i + 1,
			.index = i,
			.fd = fd,
			.buffer = rig->buffers + BLOCK * i,
			.length = BLOCK,
			.offset = BLOCK * i,
			.op = IO_WRITE,
		};
	err = rig->engine->open(&rig->queue, &setup, &f);
	if (err == -EPERM || err == -ENOSYS) {
		print_message("SKIP: %s\n", f.text);
		return false;
	}
	if (err)
		fail_msg("%s: %s", name, f.text);
	return true;
}

static void tear_down(struct rig *rig)
{
	rig->engine->close(rig->queue);
	free(rig->buffers);
}

static int scratch_file(void)
{
	char path[] = "/var/tmp/fathom-engine-test.XXXXXX";
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	unlink(path);
	return fd;
}

/* Queues all, submits and reaps until each came back; returns a set of ids. */
static unsigned go_round(struct rig *rig)
{
	struct request *done[DEPTH];
	unsigned seen = 0, taken = 0, reaped = 0;

	for (unsigned i = 0; i < DEPTH; i++)
		rig->engine->queue(rig->queue, &rig->requests[i]);
	while (taken < DEPTH && rig->engine->submit) {
		int n = rig->engine->submit(rig->queue);

		assert_true(n > 0);
		taken += (unsigned)n;
	}
	while (reaped < DEPTH) {
		unsigned n = rig->engine->reap(rig->queue, done, DEPTH);

		for (unsigned i = 0; i < n; i++) {
			assert_false(seen & 1U << done[i]->index);
			seen |= 1U << done[i]->index;
		}
		reaped += n;
		if (!n) {
			int err = rig->engine->wait(rig->queue, UINT64_MAX);

			/* The kernel's own task work interrupts, too. */
			assert_true(err == 0 || err == -EINTR);
		}
	}
	assert_int_equal(rig->engine->reap(rig->queue, done, DEPTH), 0);
	return seen;
}

static void check_data(struct rig *rig, int fd)
{
	char block[BLOCK];

	for (unsigned i = 0; i < DEPTH; i++) {
		assert_int_equal(rig->requests[i].result, BLOCK);
		assert_int_equal(pread(fd, block, BLOCK, BLOCK * i), BLOCK);
		assert_memory_equal(block, rig->buffers + BLOCK * i, BLOCK);
	}
}

static void writes_then_reads(const char *name, bool polls)
{
	struct rig rig;
	int fd = scratch_file();

	if (!set_up(&rig, name, fd, polls))
		goto out;
	memset(rig.buffers, 0x5a, DEPTH * BLOCK);
	for (unsigned i = 0; i < DEPTH; i++)
		rig.buffers[i * BLOCK] = (char)i;
	assert_int_equal(go_round(&rig), (1 << DEPTH) - 1);
	check_data(&rig, fd);
	memset(rig.buffers, 0, DEPTH * BLOCK);
	for (unsigned i = 0; i < DEPTH; i++)
		rig.requests[i].op = IO_READ;
	assert_int_equal(go_round(&rig), (1 << DEPTH) - 1);
	check_data(&rig, fd);
	assert_int_equal(rig.buffers[1], 0x5a);
	for (unsigned i = 0; i < DEPTH; i++)
		rig.requests[i].op = IO_SYNC;
	go_round(&rig);
	assert_int_equal(rig.requests[0].result, 0);
out:
	tear_down(&rig);
	close(fd);
}

static void an_error_is_a_result(const char *name)
{
	struct rig rig;
	int fd = scratch_file();
	int unreadable = open("/proc/self/exe", O_RDONLY);

	if (set_up(&rig, name, unreadable, false)) {
		go_round(&rig); /* writing to what is open for reading */
		for (unsigned i = 0; i < DEPTH; i++)
			assert_int_equal(rig.requests[i].result, -EBADF);
	}
	tear_down(&rig);
	close(unreadable);
	close(fd);
}

static void files_are_written_and_read(void **state)
{
	static const char *const names[] = {"io_uring", "libaio", "psync"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		writes_then_reads(names[i], false);
		writes_then_reads(names[i], true);
		an_error_is_a_result(names[i]);
	}
}

/* A nap ends without an event, and takes none away. */
static void a_wait_with_a_limit_ends(void **state)
{
	static const char *const names[] = {"io_uring", "libaio"};
	struct request *done[DEPTH];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct rig rig;
		int fd = scratch_file(), err;

		if (set_up(&rig, names[i], fd, true)) {
			err = rig.engine->wait(rig.queue, 1000000);
			assert_true(err == 0 || err == -ETIME || err == -EINTR);
			assert_int_equal(rig.engine->reap(rig.queue, done, DEPTH), 0);
			assert_int_equal(go_round(&rig), (1 << DEPTH) - 1);
		}
		tear_down(&rig);
		close(fd);
	}
}

static void a_depth_that_libaio_refuses_is_explained(void **state)
{
	struct engine_setup setup = {.fd = -1};
	struct failure f = {{0}};
	void *queue = NULL;
	FILE *file = fopen("/proc/sys/fs/aio-max-nr", "re");

	(void)state;
	if (!file || fscanf(file, "%u", &setup.depth) != 1 || setup.depth > 1 << 24) {
		print_message("SKIP: no low /proc/sys/fs/aio-max-nr\n");
		return;
	}
	fclose(file);
	setup.depth++;
	assert_int_equal(engine_libaio.open(&queue, &setup, &f), -EAGAIN);
	assert_non_null(strstr(f.text, "aio-max-nr allows all programs"));
	engine_libaio.close(queue);
}

static void null_hands_back_everything(void **state)
{
	struct rig rig;

	(void)state;
	assert_true(set_up(&rig, "null", -1, false));
	assert_int_equal(go_round(&rig), (1 << DEPTH) - 1);
	assert_int_equal(go_round(&rig), (1 << DEPTH) - 1);
	assert_int_equal(rig.requests[3].result, BLOCK);
	tear_down(&rig);
}

static void timers_complete_like_requests(void **state)
{
	struct rig rig;

	(void)state;
	for (int polls = 0; polls < 2; polls++) {
		if (set_up(&rig, "timer", -1, polls)) {
			assert_int_equal(go_round(&rig), (1 << DEPTH) - 1);
			assert_int_equal(go_round(&rig), (1 << DEPTH) - 1);
			assert_int_equal(rig.requests[3].result, BLOCK);
		}
		tear_down(&rig);
	}
}

/* In which order timers drawn from @seed end; false if there is no io_uring. */
static bool order_of(uint64_t seed, unsigned order[DEPTH])
{
	const struct latency_mix slow = {.parts = {{20000000, 100}}, .nr = 1};
	struct request requests[DEPTH] = {{0}}, *done[DEPTH];
	struct engine_setup setup = {
		.depth = DEPTH, .fd = -1, .latency = &slow, .seed = seed};
	struct failure f = {{0}};
	unsigned reaped = 0;
	void *queue;
	bool opens = !engine_timer.open(&queue, &setup, &f);

	for (unsigned i = 0; opens && i < DEPTH; i++) {
		requests[i].index = i;
		engine_timer.queue(queue, &requests[i]);
	}
	if (opens)
		assert_int_equal(engine_timer.submit(queue), DEPTH);
	while (opens && reaped < DEPTH) {
		unsigned n = engine_timer.reap(queue, done, DEPTH);

		for (unsigned i = 0; i < n; i++)
			order[reaped++] = done[i]->index;
		if (!n)
			engine_timer.wait(queue, UINT64_MAX);
	}
	engine_timer.close(queue);
	return opens;
}

static void each_worker_draws_its_own_timers(void **state)
{
	unsigned one[DEPTH], other[DEPTH];

	(void)state;
	if (order_of(1, one) && order_of(2, other))
		assert_memory_not_equal(one, other, sizeof(one));
}

static void names_and_tables_agree(void **state)
{
	(void)state;
	for (size_t i = 0; engine_names[i]; i++) {
		const struct engine *engine = engine_find(engine_names[i]);

		assert_non_null(engine);
		assert_true(engine->open && engine->close && engine->queue &&
			    engine->reap);
		assert_string_equal(engine->name, engine_names[i]);
	}
	assert_null(engine_find("mmap"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(files_are_written_and_read),
		cmocka_unit_test(a_wait_with_a_limit_ends),
		cmocka_unit_test(a_depth_that_libaio_refuses_is_explained),
		cmocka_unit_test(null_hands_back_everything),
		cmocka_unit_test(timers_complete_like_requests),
		cmocka_unit_test(each_worker_draws_its_own_timers),
		cmocka_unit_test(names_and_tables_agree),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
