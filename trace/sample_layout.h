/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where things lie in the records of one attr.
 *
 * The sample_type decides it once for all samples; only READ of a group and CALLCHAIN,
 * which may stand before the raw data, have a length that must be walked each time.
 * Source: the comment on PERF_RECORD_SAMPLE in <linux/perf_event.h>.
 */
#ifndef FATHOM_TRACE_SAMPLE_LAYOUT_H
#define FATHOM_TRACE_SAMPLE_LAYOUT_H

#include <linux/perf_event.h>
#include <stdbool.h>
#include <stdint.h>

struct sample_layout {
	uint64_t sample_type, read_format;
	/* Offsets from the start of a sample; 0: it is not there. */
	uint16_t id, tid, time, cpu;
	uint16_t variable; /* where READ, CALLCHAIN or RAW begins */
	bool has_raw,
		raw_is_fixed; /* fixed: the u32 size of the raw data is at variable */
	uint16_t smallest;    /* a sample has at least this many bytes */
	/* Offsets back from the end of other records (sample_id_all); 0: not there. */
	uint8_t last_id, last_tid, last_time, last_cpu;
	uint8_t trailer; /* bytes of all that */
};

void sample_layout_init(struct sample_layout *l, const struct perf_event_attr *attr);

/* Finds the raw data of @size bytes of sample at @record. NULL: there is none, or the
 * sample is damaged. */
const uint8_t *sample_raw(const struct sample_layout *l, const uint8_t *record,
			  uint32_t size, uint32_t *raw_size);

#endif
