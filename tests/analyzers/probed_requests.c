// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A program with probes of requests, for end-to-end tests: submit has two sites, the
 * keys are told, a few requests never end and a few ends have no beginning.
 */
#include <stdint.h>
#include <stdlib.h>
#include <sys/sdt.h>

enum { DEPTH = 8, LEFT_OPEN = 3, STRANGERS = 2 };

static volatile unsigned sink;

/* Some time, longer for some than for others. */
static void work(unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		sink += i;
}

static inline __attribute__((always_inline)) void submit(uint64_t id, int fd, uint8_t op,
							 uint64_t offset, uint32_t length)
{
	DTRACE_PROBE5(fathomtest, submit, id, fd, op, offset, length);
}

static __attribute__((noinline)) void read_block(uint64_t id, int fd, uint8_t op,
						 uint64_t offset, uint32_t length)
{
	submit(id, fd, op, offset, length);
	__asm__ volatile("# the read site");
}

static __attribute__((noinline)) void write_block(uint64_t id, int fd, uint8_t op,
						  uint64_t offset, uint32_t length)
{
	submit(id, fd, op, offset, length);
	__asm__ volatile("# the write site");
}

static __attribute__((noinline)) void complete(uint64_t id, int64_t result)
{
	DTRACE_PROBE2(fathomtest, complete, id, result);
	__asm__ volatile("# the end");
}

/* Calls through these are as the ABI has them: no argument becomes a constant. */
typedef void submit_function(uint64_t, int, uint8_t, uint64_t, uint32_t);
static submit_function *volatile do_read = read_block, *volatile do_write = write_block;
static void (*volatile do_complete)(uint64_t, int64_t) = complete;

int main(int argc, char **argv)
{
	uint64_t requests = argc > 1 ? strtoull(argv[1], NULL, 0) : 1000;

	for (uint64_t i = 0; i < STRANGERS; i++)
		do_complete(1000000000 + i, 0);
	for (uint64_t i = 0; i < requests + DEPTH; i++) {
		if (i < requests && i % 3)
			do_read(i, 3, 0, i * 4096, 4096);
		else if (i < requests)
			do_write(i, 4, 1, i * 4096, 8192);
		work((unsigned)(i * 7919 % 500));
		if (i >= DEPTH && i < requests + DEPTH - LEFT_OPEN)
			do_complete(i - DEPTH, 4096);
	}
	return 0;
}
