// SPDX-License-Identifier: GPL-2.0-or-later
/* Probes whose arguments debug information names: every kind of place. With "wait" it
 * says "ready" and stays until its standard input ends. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <fathom/sdt.h>

#define KEEP __attribute__((noinline, used))

enum direction { READ, WRITE, TRIM = 7 };
enum balance { DEBT = -1, EVEN };

struct extent {
	uint64_t start;
	uint32_t blocks;
	int16_t weight;
};

struct job {
	const char *title;
	struct extent extent;
	union {
		uint32_t flags;
		uint8_t bytes[4];
	};
	double ratio;
};

typedef uint32_t sector_count;

uint32_t total; /* a global, by its address */
static volatile int sink;

/* Inlined twice: two sites, each with the names of this function. */
static inline __attribute__((always_inline)) void submit(uint64_t id, enum direction way,
							 const char *label)
{
	DTRACE_PROBE3(named, submit, id, way, label);
	sink += (int)id;
}

KEEP void submit_read(uint64_t number, const char *text)
{
	submit(number, READ, text);
}

KEEP void submit_any(const char *text, uint64_t number, enum direction direction)
{
	submit(number, direction, text);
}

/* Members of what a pointer leads to, straight from memory. */
KEEP void members(struct job *job)
{
	__asm__ volatile("" : : : "memory");
	STAP_PROBE4(named, members, job->title, job->extent.blocks, job->extent.weight,
		    job->flags);
}

KEEP void kinds(enum balance balance, sector_count sectors, void *where,
		unsigned char *raw, signed char small, _Bool flag)
{
	STAP_PROBE6(named, kinds, balance, sectors, where, raw, small, flag);
}

/* Kept on the stack, as a frame base plus an offset says. */
KEEP void on_stack(int count)
{
	volatile uint32_t local = (uint32_t)count * 3;
	volatile struct extent here = {.start = 5, .blocks = 9};

	STAP_PROBE2(named, on_stack, local, here.blocks);
	sink += (int)(local + here.blocks);
}

KEEP void global(void)
{
	STAP_PROBE1(named, global, total);
}

/* The same argument has another name, and another size, at the second site. */
KEEP void differ_one(uint32_t small)
{
	STAP_PROBE1(named, differ, small);
}

KEEP void differ_two(int64_t large)
{
	STAP_PROBE1(named, differ, large);
}

/* Two sites with a constant that has a name, one where the variable is. */
KEEP void vote_constant(void)
{
	const uint32_t fixed = 5;

	STAP_PROBE1(named, vote, fixed);
	STAP_PROBE1(named, vote, fixed);
}

KEEP void vote_place(uint32_t level)
{
	STAP_PROBE1(named, vote, level);
}

KEEP void twice(int n)
{
	STAP_PROBE2(named, twice, n, n);
}

KEEP void nameless(int a, int b)
{
	STAP_PROBE1(named, nameless, a * b + 1);
}

/* The fathom note has the last word. */
KEEP void noted(uint64_t id)
{
	FATHOM_PROBE(named, noted, (u32, by_note, id));
}

int main(int argc, char **argv)
{
	struct job job = {.title = "title", .extent = {1, 2, -3}, .flags = 4};

	submit_read(1, argv[0]);
	submit_any(argv[0], 2, argc > 1 ? TRIM : WRITE);
	members(&job);
	kinds(argc > 5 ? EVEN : DEBT, 8, &job, (unsigned char *)argv[0], -1, argc == 1);
	on_stack(argc);
	global();
	differ_one(1);
	differ_two(-1);
	vote_constant();
	vote_place(3);
	twice(argc);
	nameless(argc, argc);
	noted(7);
	if (argc > 1 && !strcmp(argv[1], "wait")) {
		puts("ready");
		fflush(stdout);
		getchar();
	}
	return 0;
}
