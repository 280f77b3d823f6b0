/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The bytes of perf.data that <linux/perf_event.h> does not have: file header,
 * feature bits, and the record types perf itself makes.
 * Source: tools/perf/Documentation/perf.data-file-format.txt of Linux.
 */
#ifndef FATHOM_TRACE_PERF_FILE_H
#define FATHOM_TRACE_PERF_FILE_H

#include <linux/perf_event.h>
#include <stdint.h>

#define PERF_FILE_MAGIC 0x32454c4946524550ULL /* "PERFILE2" in native order */

struct perf_file_section {
	uint64_t offset;
	uint64_t size;
};

struct perf_file_header {
	uint64_t magic;
	uint64_t size;	    /* of this header: 104; 16 in pipe mode, which ends here */
	uint64_t attr_size; /* stride of the attrs table, ids section included */
	struct perf_file_section attrs;
	struct perf_file_section data; /* size 0: the recorder was killed */
	struct perf_file_section event_types;
	uint64_t features[4];
};

enum perf_file_feature {
	PERF_FEATURE_TRACING_DATA = 1,
	PERF_FEATURE_BUILD_ID = 2,
	PERF_FEATURE_HOSTNAME = 3,
	PERF_FEATURE_OSRELEASE = 4,
	PERF_FEATURE_VERSION = 5,
	PERF_FEATURE_ARCH = 6,
	PERF_FEATURE_NRCPUS = 7,
	PERF_FEATURE_CPUDESC = 8,
	PERF_FEATURE_CPUID = 9,
	PERF_FEATURE_CMDLINE = 11,
	PERF_FEATURE_EVENT_DESC = 12,
	PERF_FEATURE_SAMPLE_TIME = 21,
	PERF_FEATURE_CLOCKID = 23,
	PERF_FEATURE_COMPRESSED = 27,
	PERF_FEATURE_CLOCK_DATA = 29,
};

/* What the feature VERSION of a flight recorder's snapshot begins with, before the reason
 * for which it was written. */
#define FATHOM_SNAPSHOT_VERSION "fathom, flight recorder: "

/*
 * In the misc of a LOST record that fathom wrote itself: the id in it is that of the
 * event whose records were lost. The kernel's names any event of the ring.
 */
#define PERF_MISC_LOST_OF_EVENT (1 << 13)

enum perf_user_record {
	PERF_RECORD_USER_HEADER_ATTR = 64,
	PERF_RECORD_USER_EVENT_TYPE = 65,
	PERF_RECORD_USER_TRACING_DATA = 66, /* followed by bytes outside header.size */
	PERF_RECORD_USER_BUILD_ID = 67,
	PERF_RECORD_USER_FINISHED_ROUND = 68,
	PERF_RECORD_USER_ID_INDEX = 69,
	PERF_RECORD_USER_AUXTRACE_INFO = 70,
	PERF_RECORD_USER_AUXTRACE = 71, /* followed by bytes outside header.size */
	PERF_RECORD_USER_AUXTRACE_ERROR = 72,
	PERF_RECORD_USER_THREAD_MAP = 73,
	PERF_RECORD_USER_CPU_MAP = 74,
	PERF_RECORD_USER_STAT_CONFIG = 75,
	PERF_RECORD_USER_STAT = 76,
	PERF_RECORD_USER_STAT_ROUND = 77,
	PERF_RECORD_USER_EVENT_UPDATE = 78,
	PERF_RECORD_USER_TIME_CONV = 79,
	PERF_RECORD_USER_HEADER_FEATURE = 80,
	PERF_RECORD_USER_COMPRESSED = 81,
	PERF_RECORD_USER_FINISHED_INIT = 82,
	PERF_RECORD_USER_COMPRESSED2 = 83,
};

#endif
