/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * perf.data out: what `fathom record` writes and stock perf reads.
 *
 * The writer knows the file, not the kernel: it is given event descriptions and
 * whole perf records (from a ring, or made by the caller) and lays them into a
 * file or a pipe, compressed if asked. docs/trace-format.md has every byte.
 */
#ifndef FATHOM_TRACE_WRITER_H
#define FATHOM_TRACE_WRITER_H

#include <linux/perf_event.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct failure;
struct trace_writer;

/* One event of the trace: becomes one attr with the ids of all its rings. */
struct writer_event {
	const char *name; /* "fathom:submit"; perf shows it */
	/* As a reader must see it: type tracepoint, config the id in its format (a u16,
	 * for it is the record's common_type too), sample_period 1, sample_type as in
	 * the ring. One event needs no IDENTIFIER; several do, with sample_id_all. */
	struct perf_event_attr attr;
	const uint64_t *ids; /* kernel ids of the perf events behind it */
	size_t nr_ids;
	const char *system; /* of a tracepoint: "fathom"; NULL for others (dummy) */
	const char *format; /* … its format text (trace/event_format.h) */
};

struct writer_build_id {
	const char *path;
	uint8_t id[20];
	size_t size;
};

struct writer_options {
	const char *path; /* "-" is a pipe-mode stream on stdout */
	int compress;	  /* zstd level, 0 none */
	const struct writer_event *events;
	size_t nr_events;
	const struct writer_build_id *build_ids;
	size_t nr_build_ids;
	int clockid;		    /* CLOCK_MONOTONIC */
	uint64_t wall_ns, clock_ns; /* the same instant on both */
	const char *snapshot;	 /* why a flight recorder writes it; NULL: it is none */
	uint64_t from_ns, to_ns; /* … and all that it kept is between; 0, 0: unknown */
	int argc;		 /* the command line of the recorder, for perf report */
	char **argv;
};

/* Creates the file (mode 0600; an old one becomes PATH.old, as perf does) and
 * writes what comes before the data. Copies what it needs from @options. */
int writer_open(struct trace_writer **writer, const struct writer_options *options,
		struct failure *f);

/*
 * Appends @size bytes of whole perf records. Not copied when uncompressed: one
 * write(). On failure (a full disk) the file is cut back to its last whole record and
 * closed by writer_close so that readers call it incomplete; the first errno is returned
 * every time.
 */
int writer_data(struct trace_writer *writer, const void *data, size_t size,
		struct failure *f);

/* All rings were drained once: nothing older than the round before will come. */
int writer_round(struct trace_writer *writer, struct failure *f);

/* Uncompressed bytes of records so far; bytes of the file so far. */
uint64_t writer_bytes_in(const struct trace_writer *writer);
uint64_t writer_bytes_out(const struct trace_writer *writer);

/* Writes features and the final header. Returns 0 or the first failure. Frees. */
int writer_close(struct trace_writer *writer, struct failure *f);

#endif
