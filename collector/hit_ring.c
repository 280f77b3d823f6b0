// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Rings that BPF programs write perf records into.
 *
 * bpf_perf_event_output() is a copy into a general ring behind a dozen calls; here it
 * took 390 ns of a hit's 750. These rings take 50: the program composes the finished
 * PERF_RECORD_SAMPLE in place, and the reader writes it to the file from there.
 *
 * A ring is an entry of a BPF array map that is mapped into this process. Positions only
 * grow; the offset in the ring is the position modulo its size.
 *
 *   writer  reserves by compare-and-swap of RESERVED, if RESERVED + size - TAIL fits,
 *           fills in the record, and last of all stores its first eight bytes, the
 *           perf_event_header, which are never 0: that commits it. A program cannot
 *           move to another CPU, but on a preemptible kernel another task's hit can come
 *           in between: hence the compare-and-swap, and hence the commit by record.
 *   reader  takes records from where it was until it finds a header of 0, hands them on,
 *           zeroes their bytes so that the next lap finds zeroes again, and moves TAIL.
 *
 * A record is never split: one that begins before the ring's end goes on in the slack
 * behind it, and the next begins where it would have ended had it wrapped.
 *
 * Time order. A writer takes the time after it has reserved. If it is preempted before
 * it commits, all behind it waits, and the pass counts as no round (PERF_RECORD_
 * FINISHED_ROUND promises that nothing older will come).
 *
 * Losses are exact, by CPU and event, and have a time: a writer that finds no room
 * counts.
 *
 * Open and closed. Sites are attached and detached one after the other, up to 80 ms each
 * (backend_bpf.c), and a trace that has submits of a time but not its completes leads
 * every analysis astray. So a closed ring lets hits pass uncounted, and all are opened
 * when the last site is attached and closed before the first is detached. It costs a hit
 * nothing: while closed, TAIL is so large that no record fits, and only a writer that
 * finds no room asks why. The reader keeps its own position.
 *
 * Memory order: the reader's acquire of a header pairs with the writer's commit (on x86 a
 * plain store; elsewhere an atomic exchange); the reader's release of TAIL comes after
 * its zeroes.
 *
 * Rejected: bpf_ringbuf (a spinlock per hit; its record header is not perf's, so all must
 * be copied), one counter for all CPUs (its cache line would travel with each hit).
 */
#include "collector/hit_ring.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <linux/perf_event.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/failure.h"

enum { PAGE = 4096, CHUNK = 1 << 20 };

struct hit_rings {
	struct hit_ring_shape shape;
	int map, doorbell;
	uint8_t *entries;
	bool open;
	uint64_t *read;	     /* by CPU: where the reader is; TAIL, when open */
	uint64_t *bell_read; /* the doorbell's positions */
	const uint64_t *bell_written;
	uint64_t pass_ns, last_pass_ns; /* when this pass began, and the one before */
	size_t page;			/* of the machine */
};

static uint32_t whole_pages(uint64_t bytes, size_t page)
{
	return (uint32_t)((bytes + page - 1) / page * page);
}

void hit_ring_shape(struct hit_ring_shape *shape)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	shape->control = whole_pages(HIT_RING_LOST_EVENT + 8ULL * shape->nr_events, page);
	shape->entry =
		shape->control + shape->size + whole_pages(shape->record_max, page);
}

static int map_memory(struct hit_rings *r, struct failure *f)
{
	size_t size = (size_t)r->shape.entry * r->shape.cpus;

	r->entries = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, r->map, 0);
	r->bell_read =
		mmap(NULL, r->page, PROT_READ | PROT_WRITE, MAP_SHARED, r->doorbell, 0);
	r->bell_written =
		mmap(NULL, r->page, PROT_READ, MAP_SHARED, r->doorbell, (off_t)r->page);
	if (r->entries == MAP_FAILED || r->bell_read == MAP_FAILED ||
	    r->bell_written == MAP_FAILED)
		return fail(f, -errno, "cannot map %zu MiB of rings: %s", size >> 20,
			    strerror(errno));
	return 0;
}

int hit_rings_new(struct hit_rings **rings, const struct hit_ring_shape *shape,
		  struct failure *f)
{
	LIBBPF_OPTS(bpf_map_create_opts, mappable, .map_flags = BPF_F_MMAPABLE);
	struct hit_rings *r = calloc(1, sizeof(*r));
	int err;

	if (!r)
		return fail(f, -ENOMEM, "out of memory");
	*r = (struct hit_rings){
		.shape = *shape,
		.page = (size_t)sysconf(_SC_PAGESIZE),
		.entries = MAP_FAILED,
		.bell_read = MAP_FAILED,
		.bell_written = MAP_FAILED,
		.read = calloc(shape->cpus, sizeof(uint64_t)),
	};
	r->map = bpf_map_create(BPF_MAP_TYPE_ARRAY, "fathom_rings", 4, shape->entry,
				shape->cpus, &mappable);
	r->doorbell = bpf_map_create(BPF_MAP_TYPE_RINGBUF, "fathom_bell", 0, 0,
				     (uint32_t)r->page, NULL);
	if (!r->read)
		err = fail(f, -ENOMEM, "out of memory");
	else if (r->map < 0 || r->doorbell < 0)
		err = fail(f, r->map < 0 ? r->map : r->doorbell,
			   "cannot create rings of %u KiB for %u CPUs: %s",
			   shape->entry >> 10, shape->cpus,
			   strerror(r->map < 0 ? -r->map : -r->doorbell));
	else
		err = map_memory(r, f);
	if (err) {
		hit_rings_free(r);
		return err;
	}
	hit_rings_close(r);
	*rings = r;
	return 0;
}

void hit_rings_free(struct hit_rings *r)
{
	if (!r)
		return;
	if (r->entries != MAP_FAILED)
		munmap(r->entries, (size_t)r->shape.entry * r->shape.cpus);
	if (r->bell_read != MAP_FAILED)
		munmap(r->bell_read, r->page);
	if (r->bell_written != MAP_FAILED)
		munmap((void *)r->bell_written, r->page);
	if (r->map >= 0)
		close(r->map);
	if (r->doorbell >= 0)
		close(r->doorbell);
	free(r->read);
	free(r);
}

int hit_rings_map(const struct hit_rings *r)
{
	return r->map;
}

int hit_rings_doorbell(const struct hit_rings *r)
{
	return r->doorbell;
}

static uint64_t *control(const struct hit_rings *r, unsigned cpu, size_t offset)
{
	return (uint64_t *)(void *)(r->entries + (size_t)cpu * r->shape.entry + offset);
}

void hit_rings_open(struct hit_rings *r)
{
	r->open = true;
	for (unsigned i = 0; i < r->shape.cpus; i++)
		__atomic_store_n(control(r, i, HIT_RING_TAIL), r->read[i],
				 __ATOMIC_RELEASE);
}

void hit_rings_close(struct hit_rings *r)
{
	r->open = false;
	for (unsigned i = 0; i < r->shape.cpus; i++)
		__atomic_store_n(control(r, i, HIT_RING_TAIL), HIT_RING_CLOSED,
				 __ATOMIC_RELEASE);
}

/* The size of the record at @at once it is committed, else 0. */
static size_t committed_size(const uint8_t *at)
{
	uint64_t first =
		__atomic_load_n((const uint64_t *)(const void *)at, __ATOMIC_ACQUIRE);
	struct perf_event_header header;

	memcpy(&header, &first, sizeof(header));
	return header.size;
}

/* How many bytes of complete records lie at @at, in one piece: to the ring's end at most,
 * and over it with the last record. */
static size_t complete_bytes(const uint8_t *at, size_t to_end)
{
	size_t bytes = 0, size;

	while (bytes < to_end && bytes < CHUNK) {
		size = committed_size(at + bytes);
		if (!size)
			break;
		bytes += size;
	}
	return bytes;
}

static int drain_cpu(struct hit_rings *r, unsigned cpu, ring_consume *consume, void *user)
{
	uint8_t *ring = r->entries + (size_t)cpu * r->shape.entry + r->shape.control;
	const uint64_t *reserved = control(r, cpu, HIT_RING_RESERVED);
	uint64_t end = __atomic_load_n(reserved, __ATOMIC_ACQUIRE);
	uint64_t *read = &r->read[cpu];

	/* What is reserved from now on belongs to the next pass. */
	while (*read < end) {
		size_t offset = *read & (r->shape.size - 1);
		size_t bytes = complete_bytes(ring + offset, r->shape.size - offset);
		int err;

		if (!bytes)
			return *read < __atomic_load_n(reserved, __ATOMIC_ACQUIRE);
		err = consume(user, cpu, ring + offset, bytes);
		if (err)
			return err;
		memset(ring + offset, 0, bytes);
		*read += bytes;
		if (r->open)
			__atomic_store_n(control(r, cpu, HIT_RING_TAIL), *read,
					 __ATOMIC_RELEASE);
	}
	return 0;
}

int hit_rings_drain(struct hit_rings *r, ring_consume *consume, void *user)
{
	int waiting = 0;

	r->last_pass_ns = r->pass_ns;
	r->pass_ns = clock_ns();
	__atomic_store_n(r->bell_read, __atomic_load_n(r->bell_written, __ATOMIC_ACQUIRE),
			 __ATOMIC_RELEASE);
	for (unsigned i = 0; i < r->shape.cpus; i++) {
		int err = drain_cpu(r, i, consume, user);

		if (err < 0)
			return err;
		waiting |= err;
	}
	return waiting;
}

uint64_t hit_rings_lost(const struct hit_rings *r, unsigned cpu, uint64_t *time_ns)
{
	/* A writer stores the time, then counts. A time read first could be that of a loss
	 * told long ago, and so can that of a writer that was preempted in between: no
	 * round allows such a record any more. */
	uint64_t lost = __atomic_load_n(control(r, cpu, HIT_RING_LOST), __ATOMIC_ACQUIRE);
	uint64_t at =
		__atomic_load_n(control(r, cpu, HIT_RING_LOST_TIME), __ATOMIC_RELAXED);

	*time_ns = at < r->last_pass_ns ? r->last_pass_ns : at;
	return lost;
}

uint64_t hit_rings_lost_event(const struct hit_rings *r, unsigned event)
{
	uint64_t lost = 0;

	for (unsigned i = 0; i < r->shape.cpus; i++)
		lost += __atomic_load_n(control(r, i, HIT_RING_LOST_EVENT + 8ULL * event),
					__ATOMIC_RELAXED);
	return lost;
}
