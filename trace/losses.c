// SPDX-License-Identifier: GPL-2.0-or-later
/* Records that tell of lost records. */
#include "trace/perf_file.h"
#include "trace/reader_state.h"

/* Whose records were lost: the LOST of a ring names any of the ring's events, so it
 * says something only if there is one, or if our recorder marked it. */
static const struct event_type *loser(struct trace *t,
				      const struct perf_event_header *header, uint64_t id)
{
	struct event_source *source = NULL;

	if (header->misc & PERF_MISC_LOST_OF_EVENT)
		source = event_table_find(&t->events, id);
	else if (t->events.nr_sources == 1)
		source = t->events.sources[0];
	return source ? &source->type : NULL;
}

static void place_loss(struct trace *t, const uint8_t *record,
		       const struct perf_event_header *header, uint64_t time,
		       struct loss *loss)
{
	struct event_source *source = event_of_other(&t->events, record, header->size);
	const struct sample_layout *l = source ? &source->layout : NULL;

	loss->cpu = UINT32_MAX;
	if (!l || header->size < sizeof(*header) + l->trailer)
		return;
	if (l->last_cpu)
		loss->cpu = load_u32(record + header->size - l->last_cpu);
	if (l->last_time)
		loss->to_ns = time;
	if (loss->cpu < CPUS_KNOWN)
		loss->from_ns = t->last_on_cpu[loss->cpu];
}

static void add_up(struct trace *t, struct loss *loss)
{
	struct event_type *type = (struct event_type *)loss->type;

	t->info.lost += loss->count;
	if (type)
		type->lost += loss->count;
}

bool trace_read_lost(struct trace *t, const uint8_t *record, uint64_t time,
		     struct loss *loss)
{
	struct perf_event_header header = load_header(record);
	struct bytes b = record_body(t, record, header.size);
	uint64_t id = bytes_u64(&b), count = bytes_u64(&b);

	if (bytes_bad(&b) || !count)
		return false;
	*loss = (struct loss){.count = count, .type = loser(t, &header, id)};
	place_loss(t, record, &header, time, loss);
	t->lost_in_band += count;
	add_up(t, loss);
	return true;
}

/* Newer perf sums up in the end, per event, what LOST has told already. What exceeds
 * that is news. */
bool trace_read_lost_samples(struct trace *t, const uint8_t *record, uint64_t time,
			     struct loss *loss)
{
	struct perf_event_header header = load_header(record);
	struct bytes b = record_body(t, record, header.size);
	uint64_t count = bytes_u64(&b), told;

	if (bytes_bad(&b))
		return false;
	told = t->lost_in_band > t->lost_summed ? t->lost_in_band - t->lost_summed : 0;
	t->lost_summed += count;
	if (count <= told)
		return false;
	*loss = (struct loss){.count = count - told};
	place_loss(t, record, &header, time, loss);
	add_up(t, loss);
	return true;
}
