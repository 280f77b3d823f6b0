// SPDX-License-Identifier: GPL-2.0-or-later
/* Makes perf records from /proc. Layouts: <linux/perf_event.h>, PERF_RECORD_*. */
#include "collector/sideband.h"

#include <dirent.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector/process.h"

enum { RECORD_ROOM = 4096 + 256 };

/* A record under construction. */
struct record {
	size_t size;
	uint8_t bytes[RECORD_ROOM];
};

static void put(struct record *r, const void *data, size_t size)
{
	memcpy(r->bytes + r->size, data, size);
	r->size += size;
}

static void put_u32(struct record *r, uint32_t value)
{
	put(r, &value, sizeof(value));
}

static void put_u64(struct record *r, uint64_t value)
{
	put(r, &value, sizeof(value));
}

/* Text with its NUL, padded to eight bytes. */
static void put_text(struct record *r, const char *text, size_t most)
{
	static const uint8_t zeros[8];
	size_t length = strnlen(text, most - 1);

	put(r, text, length);
	put(r, zeros, 8 - length % 8);
}

static void begin(struct record *r, uint32_t type, uint16_t misc)
{
	struct perf_event_header header = {.type = type, .misc = misc};

	r->size = 0;
	put(r, &header, sizeof(header));
}

/* Adds what sample_id_all asks for, in the order of its bits, and writes. */
static int finish(const struct sideband *s, struct record *r, uint32_t pid, uint32_t tid,
		  uint64_t time, unsigned cpu, struct failure *f)
{
	struct perf_event_header *header = (struct perf_event_header *)(void *)r->bytes;

	put_u32(r, pid);
	put_u32(r, tid);
	put_u64(r, time);
	put_u32(r, cpu);
	put_u32(r, 0);
	if (s->with_id)
		put_u64(r, s->id);
	header->size = (uint16_t)r->size;
	return s->write(s->user, r->bytes, r->size, f);
}

static int write_comm(const struct sideband *s, uint32_t pid, uint32_t tid,
		      const char *comm, struct failure *f)
{
	struct record r;

	begin(&r, PERF_RECORD_COMM, 0);
	put_u32(&r, pid);
	put_u32(&r, tid);
	put_text(&r, comm, 16);
	return finish(s, &r, pid, tid, 0, 0, f);
}

static int write_fork(const struct sideband *s, uint32_t pid, uint32_t tid,
		      struct failure *f)
{
	struct record r;

	begin(&r, PERF_RECORD_FORK, 0);
	put_u32(&r, pid);
	put_u32(&r, pid);
	put_u32(&r, tid);
	put_u32(&r, pid);
	put_u64(&r, 0);
	return finish(s, &r, pid, tid, 0, 0, f);
}

struct mmap_walk {
	const struct sideband *sideband;
	struct failure *failure; /* of writing; a process that is gone is none */
	int err;
};

/* An executable mapping as MMAP2. */
static int write_mapping(void *user, const struct mapping *m, struct failure *unused)
{
	struct mmap_walk *walk = user;
	uint32_t pid = (uint32_t)m->pid;
	struct record r;

	(void)unused;
	if (!m->executable)
		return 0;
	begin(&r, PERF_RECORD_MMAP2, PERF_RECORD_MISC_USER);
	put_u32(&r, pid);
	put_u32(&r, pid);
	put_u64(&r, m->start);
	put_u64(&r, m->end - m->start);
	put_u64(&r, m->offset);
	put_u32(&r, m->major_number);
	put_u32(&r, m->minor_number);
	put_u64(&r, m->inode);
	put_u64(&r, 0);
	put_u32(&r, 5);			/* PROT_READ | PROT_EXEC */
	put_u32(&r, m->shared ? 1 : 2); /* MAP_SHARED or MAP_PRIVATE */
	put_text(&r, m->name, 4096);
	walk->err = finish(walk->sideband, &r, pid, pid, 0, 0, walk->failure);
	return walk->err;
}

static int write_mappings(const struct sideband *s, pid_t pid, struct failure *f)
{
	struct mmap_walk walk = {s, f, 0};

	process_each_mapping(pid, write_mapping, &walk, NULL);
	return walk.err;
}

int sideband_thread(const struct sideband *s, uint32_t pid, uint32_t tid,
		    const char *name, struct failure *f)
{
	int err = tid == pid ? 0 : write_fork(s, pid, tid, f);

	return err ? err : write_comm(s, pid, tid, name, f);
}

static int write_thread(const struct sideband *s, uint32_t pid, uint32_t tid,
			struct failure *f)
{
	char name[96], comm[32] = "";
	FILE *file;
	int err = 0;

	snprintf(name, sizeof(name), "/proc/%u/task/%u/comm", pid, tid);
	file = fopen(name, "re");
	if (!file)
		return 0;
	if (fgets(comm, sizeof(comm), file)) {
		comm[strcspn(comm, "\n")] = 0;
		err = sideband_thread(s, pid, tid, comm, f);
	}
	fclose(file);
	return err;
}

int sideband_process(const struct sideband *s, pid_t pid, struct failure *f)
{
	char name[64];
	struct dirent *entry;
	DIR *tasks;
	int err;

	snprintf(name, sizeof(name), "/proc/%d/task", pid);
	tasks = opendir(name);
	if (!tasks)
		return 0;
	/* The leader first: threads are forked from it. */
	err = write_thread(s, (uint32_t)pid, (uint32_t)pid, f);
	while (!err && (entry = readdir(tasks))) {
		int tid = atoi(entry->d_name);

		if (tid > 0 && tid != pid)
			err = write_thread(s, (uint32_t)pid, (uint32_t)tid, f);
	}
	closedir(tasks);
	return err ? err : write_mappings(s, pid, f);
}

static int write_process(void *user, pid_t pid, struct failure *f)
{
	return sideband_process(user, pid, f);
}

int sideband_all(const struct sideband *s, struct failure *f)
{
	struct sideband copy = *s;

	return process_all(write_process, &copy, f);
}

int sideband_lost(const struct sideband *s, uint64_t id, uint64_t count, unsigned cpu,
		  uint64_t time_ns, struct failure *f)
{
	struct record r;

	begin(&r, PERF_RECORD_LOST, 0);
	put_u64(&r, id);
	put_u64(&r, count);
	return finish(s, &r, 0, 0, time_ns, cpu, f);
}
