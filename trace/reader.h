/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * perf.data in: one pass, in time order, whoever recorded it.
 *
 * trace_next() hands out events and losses. Memory is bounded by what the recorder
 * had in flight between two rounds, never by the length of the trace; a pipe works.
 * Pointers in an item hold until the next call of trace_next().
 */
#ifndef FATHOM_TRACE_READER_H
#define FATHOM_TRACE_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>

#include "trace/argument.h"

struct failure;
struct trace;
struct tep_event;

/* Where the text of a string field is. */
enum event_text {
	TEXT_NONE,     /* not a string */
	TEXT_DATA_LOC, /* a u32 at offset: where in the record, and how long */
	TEXT_REL_LOC,  /* … counted from the end of that u32 */
	TEXT_INLINE,   /* at offset, up to length bytes (char comm[16]) */
};

/* A field of an event's record, from the format that the trace brings along. Arrays of
 * anything but characters are left out. */
struct event_field {
	struct argument type; /* name, kind, size, sign, words */
	uint32_t offset;      /* of the value, or of the u32 of a string */
	uint32_t length;      /* bytes in the record */
	enum event_text text;
	bool common; /* common_pid and so on, not an argument */
};

/* A kind of event in this trace. Lives as long as the trace. */
struct event_type {
	unsigned index;	      /* dense, from 0 */
	const char *name;     /* as perf has it: "fathom:submit", "cpu-clock" */
	const char *provider; /* before the colon, "" if there is none */
	const char *probe;    /* after it, or the whole */
	const struct event_field *fields; /* in record order; none for cpu-clock */
	size_t nr_fields;
	uint32_t fixed_size; /* every field lies below; shorter records are damaged */
	struct tep_event *format; /* for what libtraceevent prints; may be NULL */
	uint64_t count;		  /* events seen so far */
	uint64_t lost;		  /* losses laid to this event so far, if known */
};

struct event {
	const struct event_type *type;
	uint64_t time_ns; /* the trace's clock; never runs back */
	int32_t pid, tid; /* -1 if the recording has none */
	uint32_t cpu;	  /* UINT32_MAX if the recording has none */
	uint32_t raw_size;
	const uint8_t *raw; /* the tracepoint record; raw_size >= fixed_size */
};

/* Records that the recorder could not keep. */
struct loss {
	uint64_t count;
	uint64_t from_ns, to_ns; /* the gap: last record before, first after; 0 unknown */
	uint32_t cpu;		 /* UINT32_MAX unknown */
	const struct event_type *type; /* NULL unknown or several */
};

enum trace_item_kind { TRACE_EVENT, TRACE_LOSS };

struct trace_item {
	enum trace_item_kind kind;
	union {
		struct event event;
		struct loss loss;
	};
};

/* What is known of the recording as a whole. */
struct trace_info {
	const char *path;
	const char *hostname, *os_release, *arch, *command; /* "" unknown */
	const char *snapshot; /* why a flight recorder wrote it; "": it was none */
	/* The recorder kept everything between; 0: it does not say. */
	uint64_t kept_from_ns, kept_to_ns;
	unsigned cpus;		    /* 0 unknown */
	bool has_wall_clock;	    /* HEADER_CLOCK_DATA is there: */
	int clockid;		    /* … of the events, -1 unknown */
	uint64_t wall_ns, clock_ns; /* … the same instant on both clocks */
	uint64_t lost;		    /* so far */
	bool incomplete;    /* cut or damaged: what was read is right but not all */
	const char *damage; /* one sentence with the offset, when incomplete */
	uint64_t left_out;  /* samples whose times cannot be right */
	uint64_t bytes_read, bytes_total; /* total 0 for a pipe; for progress lines */
};

/*
 * Opens @path ("-" is stdin; a file or a pipe-mode stream, told by its header).
 * Returns 0, or a negative errno with "path: offset N: expected …" in @f. Event
 * types of a file are known at once, of a pipe they come with the stream.
 */
int trace_open(struct trace **trace, const char *path, struct failure *f);
void trace_close(struct trace *trace); /* NULL is fine */

/*
 * The same live: a pipe-mode stream whose bytes @source hands out piece by piece, the
 * first 16 at once. It writes up to @room bytes to @to and returns how many, 0 at the
 * end, or -EAGAIN when there are no more as yet. trace_next() then returns that, too,
 * and may be called again.
 */
typedef ssize_t trace_source(void *user, void *to, size_t room);
int trace_open_live(struct trace **trace, trace_source *source, void *user,
		    struct failure *f);

/*
 * The next item in time order. 1: @item is filled; 0: the end (look at
 * trace_info()->incomplete); negative errno: the reading itself failed.
 */
int trace_next(struct trace *trace, struct trace_item *item, struct failure *f);

/* Types known so far; a pointer stays valid, the count may grow. */
size_t trace_nr_types(const struct trace *trace);
const struct event_type *trace_type(const struct trace *trace, size_t index);

const struct trace_info *trace_info(const struct trace *trace);

/* The thread's name at the time of the item last handed out; "" unknown. */
const char *trace_comm(const struct trace *trace, int32_t pid, int32_t tid);

/* The field called @name, or NULL. */
const struct event_field *event_type_field(const struct event_type *type,
					   const char *name);

/* Not common_pid and the like, nor where the probe was hit (__probe_ip). */
static inline bool field_is_argument(const struct event_field *field)
{
	return !field->common && strncmp(field->type.name, "__probe_", 8) != 0;
}

/* The value of an integer field, extended to 64 bits by its sign. */
static inline int64_t event_integer(const struct event *event,
				    const struct event_field *field)
{
	const uint8_t *at = event->raw + field->offset;

	switch (field->type.size) {
	case 1: {
		uint8_t v = *at;
		return field->type.is_signed ? (int8_t)v : v;
	}
	case 2: {
		uint16_t v;
		memcpy(&v, at, sizeof(v));
		return field->type.is_signed ? (int16_t)v : v;
	}
	case 4: {
		uint32_t v;
		memcpy(&v, at, sizeof(v));
		return field->type.is_signed ? (int32_t)v : (int64_t)v;
	}
	default: {
		int64_t v;
		memcpy(&v, at, sizeof(v));
		return v;
	}
	}
}

/* The text of a string field (not NUL-terminated for sure, not escaped) and its
 * length; NULL and 0 if the record is damaged there. */
const char *event_string(const struct event *event, const struct event_field *field,
			 size_t *length);

#endif
