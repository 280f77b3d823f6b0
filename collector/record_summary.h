/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What `fathom record` says at its end. */
#ifndef FATHOM_COLLECTOR_RECORD_SUMMARY_H
#define FATHOM_COLLECTOR_RECORD_SUMMARY_H

#include <stdbool.h>
#include <stdint.h>

struct kernel_events;
struct plan;
struct recording_result;

struct summary_style {
	const char *output; /* the trace's path */
	bool quiet;	    /* nothing but losses */
	bool verbose;	    /* every probe, and its sites */
	bool flight;	    /* it was the flight recorder's */
	bool complete;	    /* the recording came to its end without a failure */
};

/* 1234567 as "1,234,567"; holds for four calls. */
const char *grouped(uint64_t value);

/* Prints hits and losses on stderr. */
void record_summary_print(const struct plan *plan, const struct kernel_events *kernel,
			  const struct recording_result *result,
			  const struct summary_style *style);

#endif
