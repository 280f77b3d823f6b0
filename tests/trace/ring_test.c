// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the kernel puts into the ring of a bpf-output event goes into a trace unchanged:
 * a single attr with COMM, MMAP2, FORK and EXIT beside its samples, and no ids. Stock
 * perf and our reader know the names of the threads from it.
 *
 *	ring_test TRACE     writes the trace; perf_test.py looks at it
 */
#include <errno.h>
#include <linux/perf_event.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/failure.h"
#include "maker.h"

enum { PAGES = 64, SKIPPED = 77 };

struct ring {
	int fd;
	struct perf_event_mmap_page *page;
	size_t size;
};

static void open_ring(struct ring *ring, int cpu)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE,
		.config = PERF_COUNT_SW_BPF_OUTPUT,
		.size = sizeof(attr),
		.sample_period = 1,
		.sample_type = PERF_SAMPLE_TID | PERF_SAMPLE_TIME | PERF_SAMPLE_CPU |
			       PERF_SAMPLE_RAW,
		.sample_id_all = 1,
		.comm = 1,
		.mmap = 1,
		.mmap2 = 1,
		.task = 1,
		.use_clockid = 1,
		.clockid = CLOCK_MONOTONIC,
	};

	ring->size = (size_t)(PAGES * sysconf(_SC_PAGESIZE));
	ring->fd = (int)syscall(SYS_perf_event_open, &attr, -1, cpu, -1,
				PERF_FLAG_FD_CLOEXEC);
	if (ring->fd < 0) {
		printf("SKIP: perf_event_open: %s\n", strerror(errno));
		exit(SKIPPED);
	}
	ring->page = mmap(NULL, ring->size + (size_t)sysconf(_SC_PAGESIZE),
			  PROT_READ | PROT_WRITE, MAP_SHARED, ring->fd, 0);
	if (ring->page == MAP_FAILED) {
		perror("mmap");
		exit(1);
	}
}

static void drain(struct ring *ring, struct trace_writer *writer)
{
	uint8_t *data = (uint8_t *)ring->page + sysconf(_SC_PAGESIZE);
	uint64_t head = atomic_load_explicit((_Atomic __u64 *)&ring->page->data_head,
					     memory_order_acquire);
	uint64_t tail = ring->page->data_tail;
	struct failure f;

	while (tail < head) {
		size_t at = (size_t)(tail % ring->size), part = (size_t)(head - tail);

		if (part > ring->size - at)
			part = ring->size - at;
		if (writer_data(writer, data + at, part, &f)) {
			fprintf(stderr, "%s\n", f.text);
			exit(1);
		}
		tail += part;
	}
	atomic_store_explicit((_Atomic __u64 *)&ring->page->data_tail, tail,
			      memory_order_release);
}

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* A child that renames itself, and a hit that it might have had before it ended. */
static size_t named_child(const struct maker *m, uint8_t *sample, const char *name)
{
	struct maker_hit hit = {.values = {42}};
	int ends[2];

	if (pipe(ends))
		return 0;
	hit.tid = fork();
	if (!hit.tid) {
		prctl(PR_SET_NAME, name);
		hit.time_ns = now_ns();
		_exit(write(ends[1], &hit.time_ns, sizeof(hit.time_ns)) < 0);
	}
	if (read(ends[0], &hit.time_ns, sizeof(hit.time_ns)) < 0)
		return 0;
	waitpid(hit.tid, NULL, 0);
	return maker_sample(m, sample, &hit);
}

int main(int argc, char **argv)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	struct ring *rings = calloc((size_t)cpus, sizeof(*rings));
	struct maker maker = {.cpus = 1};
	uint8_t sample[MAKER_RECORD_MAX];
	struct trace_writer *writer;
	struct failure f;
	size_t size;

	if (argc != 2)
		return 2;
	for (int i = 0; i < cpus; i++)
		open_ring(&rings[i], i);
	maker_add(&maker, "hit", "u64 n");
	writer = maker_open(&maker, argv[1], 0, &f);
	if (!writer) {
		fprintf(stderr, "%s\n", f.text);
		return 1;
	}
	size = named_child(&maker, sample, "fathom child");
	for (int i = 0; i < cpus; i++)
		drain(&rings[i], writer);
	writer_data(writer, sample, size, &f);
	writer_round(writer, &f);
	if (system("exec /bin/true"))
		return 1;
	for (int i = 0; i < cpus; i++)
		drain(&rings[i], writer);
	if (writer_close(writer, &f)) {
		fprintf(stderr, "%s\n", f.text);
		return 1;
	}
	maker_release(&maker);
	free(rings);
	return 0;
}
