/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Records into time order. What a ring held comes out of it in order and stands together
 * in the trace, so the unit is the run: neighbours that are already sorted. A heap
 * merges the runs; a record is touched only when it is handed out.
 */
#ifndef FATHOM_TRACE_ORDER_H
#define FATHOM_TRACE_ORDER_H

#include <linux/perf_event.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum {
	ORDER_BLOCK_SIZE = 256 << 10,
	/* Held at most. Only a trace without rounds, or a broken one, comes near. */
	ORDER_BYTES_MAX = 512 << 20,
	/* So many records in a row of later rounds prove that a time is wrong. */
	ORDER_WITNESSES = 8,
};

/* Bytes of the trace. Lives while a run or the one who fills it uses it. */
struct order_block {
	struct order_block *next_free;
	uint32_t users;
	uint64_t offset;  /* of data in its stream: the file, or what was unpacked */
	bool is_unpacked; /* it is the latter */
	uint8_t data[ORDER_BLOCK_SIZE];
};

struct order_run {
	const uint8_t *at, *end; /* whole records */
	struct order_block *block;
	uint64_t number; /* in the order of the trace, for equal times */
	uint64_t round;	 /* of the recorder, in which it came */
	struct order_run *next_free;
};

struct order_head {
	uint64_t time; /* of the first record that is left in the run */
	struct order_run *run;
};

struct order {
	/* The time of the record at @record; @before is that of the one before it. */
	uint64_t (*time_of)(void *user, const uint8_t *record, uint64_t before);
	void *user;
	uint32_t sample_time;	  /* offset of the time in all samples; 0: ask time_of */
	bool is_live;		  /* an empty round lets out what is held */
	struct order_head *heads; /* a heap, the oldest first */
	size_t nr_heads, room;
	struct order_run *free_runs;
	struct order_block *free_blocks;
	bool handed_out; /* the first head's record is out and to be passed */
	bool misplaced;	 /* … and its time is later than its round allows */
	uint64_t limit;	 /* what is not newer may be handed out */
	uint64_t bound;	 /* of the first run may be handed out what is older, at once */
	uint64_t newest; /* at all */
	uint64_t round;	 /* how many have ended */
	uint64_t of_round, of_round_before;  /* the newest of this, of the one before */
	uint64_t witnesses[ORDER_WITNESSES]; /* rounds of those handed out last */
	unsigned next_witness;
	uint64_t next_number;
	size_t bytes; /* of blocks and runs in use */
};

/* The time of a record, for the order; see time_of above. */
static inline uint64_t order_time(const struct order *o, const uint8_t *record,
				  uint64_t before)
{
	struct perf_event_header header;
	uint64_t time;

	memcpy(&header, record, sizeof(header));
	if (header.type != PERF_RECORD_SAMPLE || !o->sample_time)
		return o->time_of(o->user, record, before);
	memcpy(&time, record + o->sample_time, sizeof(time));
	return time;
}

/* Remembers the round of a record that was handed out in its place. */
static inline void order_bear_witness(struct order *o, const struct order_run *run)
{
	o->witnesses[o->next_witness++ % ORDER_WITNESSES] = run->round;
}

struct order_block *order_block(struct order *o); /* NULL without memory; users 1 */
void order_block_put(struct order *o, struct order_block *b);

/* Adds sorted records, each with its whole header.size. Only after order_next() said
 * NULL. 0, or -ENOMEM. */
int order_add(struct order *o, struct order_block *b, const uint8_t *at,
	      const uint8_t *end, uint64_t first, uint64_t last);

/* Nothing older than the newest record of the round before will be added. */
void order_round(struct order *o);
/* Nothing will be added at all. */
void order_end(struct order *o);
/* Is more held than should be: then hand out half of the time span, for good or ill. */
bool order_relieve(struct order *o);

/* The first record of all runs: what order_next() asks when it cannot tell itself. */
const uint8_t *order_first(struct order *o, uint64_t *time);

/* The next record, or NULL if nothing may be handed out now. It holds until the next
 * call. If o->misplaced is set, its time is wrong: it belongs further to the front. */
static inline const uint8_t *order_next(struct order *o, uint64_t *time)
{
	struct order_head *head = o->heads;
	struct perf_event_header header;
	const uint8_t *next;

	if (!o->handed_out)
		return order_first(o, time);
	memcpy(&header, head->run->at, sizeof(header));
	next = head->run->at + header.size;
	if (next == head->run->end)
		return order_first(o, time);
	*time = order_time(o, next, head->time);
	if (*time >= o->bound)
		return order_first(o, time);
	head->run->at = next;
	head->time = *time;
	order_bear_witness(o, head->run);
	return next;
}

/* Where in its stream the record is that order_next() gave last. */
uint64_t order_offset(const struct order *o, bool *is_unpacked);

void order_release(struct order *o);

#endif
