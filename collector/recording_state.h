/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A recording that runs: what recording.c, which runs it, and recording_counts.c share.
 */
#ifndef FATHOM_COLLECTOR_RECORDING_STATE_H
#define FATHOM_COLLECTOR_RECORDING_STATE_H

#include "collector/heading.h"
#include "collector/recording.h"
#include "collector/ring.h"
#include "collector/sideband.h"
#include "collector/sink.h"
#include "collector/site_hits.h"
#include "trace/blob.h"

enum { RECORDING_TYPES = 1 << 16, RECORDING_NO_EVENT = 0xffff };

struct recording {
	const struct recording_options *options;
	struct recording_result *result;
	struct capture capture;
	void *backend; /* its state */
	const struct sink *sink;
	struct sink_setup setup;
	void *sink_state;
	bool is_open;	  /* the sink is */
	bool is_attached; /* hits were recorded */
	uint64_t pass_began_ns;
	bool hurry; /* the sink waits for another pass */
	struct heading heading;
	size_t raw_offset;	 /* of a sample's raw data */
	uint16_t *event_of_type; /* [RECORDING_TYPES]: which event a common_type is */
	struct site_hits *site_hits;
	int unwritten; /* why the trace could not be written any more; 0: it can */
	struct failure *failure;
};

/* Records of our own, on their way into the trace. */
struct sideband recording_sideband(struct recording *r);

/* While it runs: a hit; a LOST record of the kernel; what our own rings lost since the
 * last call, which becomes LOST records. */
void recording_count_sample(struct recording *r, const uint8_t *record, size_t size);
void recording_count_lost(struct recording *r, unsigned cpu, const uint8_t *record,
			  size_t size);
int recording_tell_losses(struct recording *r);

/* LOST records, too, of what the kernel is going to tell of in its ring by and by: for who
 * cannot wait. */
int recording_list_untold(struct recording *r, struct blob *records);

/* When nothing more comes: what perf's rings lost untold; the losses of each event. */
int recording_tell_last_losses(struct recording *r);
void recording_count_events_lost(struct recording *r);

/* When the trace is closed: the totals. */
void recording_add_up(struct recording *r);

#endif
