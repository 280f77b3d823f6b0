// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Drains perf rings.
 *
 * The kernel writes records and moves data_head; we read them and move data_tail. Both
 * only grow; an offset in the ring is the value modulo its size. Two orders matter:
 *
 *   head_acquire: read data_head before the records it announces, or they may still
 *                 hold old bytes (pairs with the kernel's smp_wmb before data_head).
 *   tail_release: be done with the records before data_tail moves, or the kernel may
 *                 overwrite what is still being written to the file.
 *
 * The tail moves after each chunk, not after each pass, so that a busy writer gets its
 * room back early. Rejected: mapping the data twice in a row so that nothing wraps;
 * kernels since 6.17 refuse to split the mapping.
 */
#include "collector/ring.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/failure.h"

enum { CHUNK = 1 << 20, RECORD_MAX = 1 << 16 };

struct ring {
	struct perf_event_mmap_page *control; /* NULL until the first event joins */
	const uint8_t *data;
	int fd;
};

struct rings {
	size_t size;
	size_t page;
	unsigned cpus;
	int epoll;
	uint8_t wrapped[RECORD_MAX]; /* a record that lies across the ring's end */
	struct ring ring[];
};

static uint64_t head_acquire(const struct ring *ring)
{
	return __atomic_load_n(&ring->control->data_head, __ATOMIC_ACQUIRE);
}

static void tail_release(struct ring *ring, uint64_t tail)
{
	__atomic_store_n(&ring->control->data_tail, tail, __ATOMIC_RELEASE);
}

int rings_new(struct rings **rings, unsigned cpus, size_t size, struct failure *f)
{
	struct rings *r = calloc(1, sizeof(*r) + cpus * sizeof(r->ring[0]));

	if (!r)
		return fail(f, -ENOMEM, "out of memory");
	r->size = size;
	r->page = (size_t)sysconf(_SC_PAGESIZE);
	r->cpus = cpus;
	r->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (r->epoll < 0) {
		int err = -errno;

		free(r);
		return fail(f, err, "epoll_create1: %s", strerror(-err));
	}
	*rings = r;
	return 0;
}

void rings_free(struct rings *rings)
{
	if (!rings)
		return;
	for (unsigned i = 0; i < rings->cpus; i++)
		if (rings->ring[i].control)
			munmap(rings->ring[i].control, rings->size + rings->page);
	close(rings->epoll);
	free(rings);
}

size_t rings_size(const struct rings *rings)
{
	return rings->size;
}

static int map_ring(struct rings *rings, unsigned cpu, int fd, struct failure *f)
{
	struct ring *ring = &rings->ring[cpu];
	void *map = mmap(NULL, rings->size + rings->page, PROT_READ | PROT_WRITE,
			 MAP_SHARED, fd, 0);
	int err = -errno;

	if (map == MAP_FAILED)
		return fail(f, err, "cannot map a ring of %zu KiB for CPU %u: %s%s",
			    rings->size >> 10, cpu, strerror(-err),
			    err == -EPERM
				    ? " (raise kernel.perf_event_mlock_kb, or use a "
				      "smaller -m)"
				    : "");
	ring->control = map;
	ring->data = (const uint8_t *)map + rings->page;
	ring->fd = fd;
	return rings_watch(rings, fd);
}

int rings_join(struct rings *rings, unsigned cpu, int fd, struct failure *f)
{
	struct ring *ring = &rings->ring[cpu];

	if (!ring->control)
		return map_ring(rings, cpu, fd, f);
	if (ioctl(fd, PERF_EVENT_IOC_SET_OUTPUT, ring->fd) < 0)
		return fail(f, -errno, "cannot share the ring of CPU %u: %s", cpu,
			    strerror(errno));
	return 0;
}

int rings_watch(struct rings *rings, int fd)
{
	struct epoll_event event = {.events = EPOLLIN};

	return epoll_ctl(rings->epoll, EPOLL_CTL_ADD, fd, &event) < 0 ? -errno : 0;
}

int rings_wait(struct rings *rings, int timeout_ms)
{
	struct epoll_event events[16];

	if (epoll_wait(rings->epoll, events, 16, timeout_ms) < 0 && errno != EINTR)
		return -errno;
	return 0;
}

/* The size field of the record at @tail: it never wraps, records are 8-aligned. */
static size_t record_size(const struct rings *rings, const struct ring *ring,
			  uint64_t tail)
{
	const void *at = ring->data + (tail & (rings->size - 1));
	struct perf_event_header header;

	memcpy(&header, at, sizeof(header));
	return header.size;
}

static const void *unwrap(struct rings *rings, const struct ring *ring, uint64_t tail,
			  size_t size)
{
	size_t at = tail & (rings->size - 1);
	size_t first = rings->size - at;

	memcpy(rings->wrapped, ring->data + at, first);
	memcpy(rings->wrapped + first, ring->data, size - first);
	return rings->wrapped;
}

/*
 * How many bytes of whole records can be handed out in one piece from @tail on. 0 when
 * the first record wraps; its size is then in @wrapped.
 */
static int chunk_size(const struct rings *rings, const struct ring *ring, uint64_t tail,
		      uint64_t head, size_t *chunk, size_t *wrapped)
{
	size_t room = rings->size - (tail & (rings->size - 1));

	*chunk = 0;
	if (head - tail <= room && head - tail <= CHUNK) {
		*chunk = head - tail;
		return 0;
	}
	if (room > CHUNK)
		room = CHUNK;
	for (;;) {
		size_t size = record_size(rings, ring, tail + *chunk);

		if (size < sizeof(struct perf_event_header) || size % 8 ||
		    size > head - tail - *chunk)
			return -EBADMSG;
		*wrapped = size;
		if (*chunk + size > room)
			return 0;
		*chunk += size;
		if (*chunk == room || tail + *chunk == head)
			return 0;
	}
}

static int drain_ring(struct rings *rings, unsigned cpu, ring_consume *consume,
		      void *user)
{
	struct ring *ring = &rings->ring[cpu];
	uint64_t tail = ring->control->data_tail;
	uint64_t head = head_acquire(ring);

	while (tail != head) {
		size_t chunk, wrapped = 0;
		const void *records = ring->data + (tail & (rings->size - 1));
		int err = chunk_size(rings, ring, tail, head, &chunk, &wrapped);

		if (err)
			return err;
		if (!chunk) {
			chunk = wrapped;
			records = unwrap(rings, ring, tail, wrapped);
		}
		err = consume(user, cpu, records, chunk);
		if (err)
			return err;
		tail += chunk;
		tail_release(ring, tail);
	}
	return 0;
}

int rings_drain(struct rings *rings, ring_consume *consume, void *user)
{
	for (unsigned i = 0; i < rings->cpus; i++) {
		int err =
			rings->ring[i].control ? drain_ring(rings, i, consume, user) : 0;

		if (err)
			return err;
	}
	return 0;
}

size_t rings_default_size(unsigned cpus)
{
	uint64_t memory =
		(uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE);
	size_t size = 8 << 20;

	while (size > (256 << 10) && size * cpus > memory / 16)
		size /= 2;
	return size;
}
