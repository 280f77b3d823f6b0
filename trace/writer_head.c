// SPDX-License-Identifier: GPL-2.0-or-later
/* What a trace has before its data, as a file and as a stream. */
#include "trace/writer_head.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "core/failure.h"
#include "trace/compressor.h"
#include "trace/processor.h"
#include "trace/tracing_data.h"

/*
 * Attrs are written in the size of Linux 4.1's, so that any perf since reads them
 * (perf refuses an attr larger than its own); what came later is not used here.
 */
enum { ATTR_SIZE = PERF_ATTR_SIZE_VER5 };

enum {
	PERF_ZSTD = 1, /* PERF_COMP_ZSTD */
	BUILD_ID_ROOM = 24,
	BUILD_ID_SIZE_AT = 20,
	BUILD_ID_SIZE_KNOWN = 1 << 15, /* PERF_RECORD_MISC_BUILD_ID_SIZE */
	PATH_STEP = 64,
	EVENT_UPDATE_NAME = 2, /* PERF_EVENT_UPDATE__NAME */
	RECORD_MAX = UINT16_MAX,
	VERSION_MAX = 512,
};

typedef void put_feature(struct blob *to, const struct writer_options *o);

struct feature {
	enum perf_file_feature bit;
	put_feature *put;
	bool (*wanted)(const struct writer_options *o); /* NULL: always */
	bool in_pipe; /* may be sent as a HEADER_FEATURE record */
};

static void put_attr(struct blob *to, const struct writer_event *event)
{
	struct perf_event_attr attr = event->attr;

	attr.size = ATTR_SIZE;
	blob_put(to, &attr, ATTR_SIZE);
}

static void put_tracing_data(struct blob *to, const struct writer_options *o)
{
	tracing_data_put(to, o->events, o->nr_events);
}

static void put_build_id(struct blob *to, const struct writer_build_id *b)
{
	size_t path_size = (strlen(b->path) / PATH_STEP + 1) * PATH_STEP;
	size_t start = to->size;
	struct perf_event_header header = {
		.type = PERF_RECORD_USER_BUILD_ID,
		.misc = PERF_RECORD_MISC_USER | BUILD_ID_SIZE_KNOWN,
		.size = (uint16_t)(sizeof(header) + 4 + BUILD_ID_ROOM + path_size),
	};

	blob_put(to, &header, sizeof(header));
	blob_u32(to, UINT32_MAX); /* pid -1: the host */
	blob_put(to, b->id, BUILD_ID_SIZE_AT);
	blob_u8(to, (uint8_t)b->size);
	blob_zeros(to, BUILD_ID_ROOM - BUILD_ID_SIZE_AT - 1);
	blob_put(to, b->path, strlen(b->path));
	if (!to->failed)
		blob_zeros(to, start + header.size - to->size);
}

static void put_build_ids(struct blob *to, const struct writer_options *o)
{
	for (size_t i = 0; i < o->nr_build_ids; i++)
		if (o->build_ids[i].size && strlen(o->build_ids[i].path) < PATH_MAX)
			put_build_id(to, &o->build_ids[i]);
}

static bool has_build_ids(const struct writer_options *o)
{
	return o->nr_build_ids;
}

static void put_hostname(struct blob *to, const struct writer_options *o)
{
	struct utsname names;

	(void)o;
	blob_perf_string(to, uname(&names) ? "" : names.nodename);
}

static void put_os_release(struct blob *to, const struct writer_options *o)
{
	struct utsname names;

	(void)o;
	blob_perf_string(to, uname(&names) ? "" : names.release);
}

static void put_arch(struct blob *to, const struct writer_options *o)
{
	struct utsname names;

	(void)o;
	blob_perf_string(to, uname(&names) ? "" : names.machine);
}

static void put_version(struct blob *to, const struct writer_options *o)
{
	char version[VERSION_MAX] = "fathom";

	if (o->snapshot)
		snprintf(version, sizeof(version), FATHOM_SNAPSHOT_VERSION "%s",
			 o->snapshot);
	blob_perf_string(to, version);
}

/* perf calls these the times of the first and the last sample. */
static void put_span(struct blob *to, const struct writer_options *o)
{
	blob_u64(to, o->from_ns);
	blob_u64(to, o->to_ns);
}

static bool has_span(const struct writer_options *o)
{
	return o->to_ns;
}

static void put_cpus(struct blob *to, const struct writer_options *o)
{
	(void)o;
	blob_u32(to, (uint32_t)sysconf(_SC_NPROCESSORS_CONF));
	blob_u32(to, (uint32_t)sysconf(_SC_NPROCESSORS_ONLN));
}

static void put_command(struct blob *to, const struct writer_options *o)
{
	char self[PATH_MAX];
	ssize_t length = readlink("/proc/self/exe", self, sizeof(self) - 1);

	self[length < 0 ? 0 : length] = '\0';
	blob_u32(to, (uint32_t)o->argc + 1);
	blob_perf_string(to, self);
	for (int i = 0; i < o->argc; i++)
		blob_perf_string(to, o->argv[i]);
}

static void put_cpu_description(struct blob *to, const struct writer_options *o)
{
	char text[PROCESSOR_TEXT];

	(void)o;
	processor_description(text);
	blob_perf_string(to, text);
}

static void put_cpu_id(struct blob *to, const struct writer_options *o)
{
	char text[PROCESSOR_TEXT];

	(void)o;
	processor_id(text);
	blob_perf_string(to, text);
}

static void put_event_desc(struct blob *to, const struct writer_options *o)
{
	blob_u32(to, (uint32_t)o->nr_events);
	blob_u32(to, ATTR_SIZE);
	for (size_t i = 0; i < o->nr_events; i++) {
		put_attr(to, &o->events[i]);
		blob_u32(to, (uint32_t)o->events[i].nr_ids);
		blob_perf_string(to, o->events[i].name);
		blob_put(to, o->events[i].ids, o->events[i].nr_ids * sizeof(uint64_t));
	}
}

static void put_clockid(struct blob *to, const struct writer_options *o)
{
	struct timespec resolution = {.tv_nsec = 1};

	clock_getres(o->clockid, &resolution);
	blob_u64(to, (uint64_t)resolution.tv_nsec);
}

static void put_clock_data(struct blob *to, const struct writer_options *o)
{
	blob_u32(to, 1); /* version */
	blob_u32(to, (uint32_t)o->clockid);
	blob_u64(to, o->wall_ns);
	blob_u64(to, o->clock_ns);
}

static void put_compressed(struct blob *to, const struct writer_options *o)
{
	blob_u32(to, 1); /* version */
	blob_u32(to, PERF_ZSTD);
	blob_u32(to, (uint32_t)o->compress);
	blob_u32(to, 0); /* ratio, known at the end */
	blob_u32(to, DECOMPRESSED_MAX);
}

static bool is_compressed(const struct writer_options *o)
{
	return o->compress;
}

/* In the order of their bits, as the table in the file wants it. */
static const struct feature features[] = {
	{PERF_FEATURE_TRACING_DATA, put_tracing_data, NULL, false},
	{PERF_FEATURE_BUILD_ID, put_build_ids, has_build_ids, false},
	{PERF_FEATURE_HOSTNAME, put_hostname, NULL, true},
	{PERF_FEATURE_OSRELEASE, put_os_release, NULL, true},
	{PERF_FEATURE_VERSION, put_version, NULL, true},
	{PERF_FEATURE_ARCH, put_arch, NULL, true},
	{PERF_FEATURE_NRCPUS, put_cpus, NULL, true},
	{PERF_FEATURE_CPUDESC, put_cpu_description, NULL, true},
	{PERF_FEATURE_CPUID, put_cpu_id, NULL, true},
	{PERF_FEATURE_CMDLINE, put_command, NULL, true},
	{PERF_FEATURE_EVENT_DESC, put_event_desc, NULL, false},
	{PERF_FEATURE_SAMPLE_TIME, put_span, has_span, true},
	{PERF_FEATURE_CLOCKID, put_clockid, NULL, true},
	{PERF_FEATURE_COMPRESSED, put_compressed, is_compressed, true},
	{PERF_FEATURE_CLOCK_DATA, put_clock_data, NULL, true},
};
static_assert(sizeof(features) / sizeof(*features) < WRITER_SECTIONS_MAX, "");

static bool is_wanted(const struct feature *feature, const struct writer_options *o)
{
	return !feature->wanted || feature->wanted(o);
}

static void put_sections(struct writer_head *head, struct blob *to,
			 const struct writer_options *o)
{
	for (size_t i = 0; i < sizeof(features) / sizeof(*features); i++) {
		struct perf_file_section *section = &head->sections[head->nr_sections];

		if (!is_wanted(&features[i], o))
			continue;
		blob_align(to, sizeof(uint64_t));
		section->offset = to->size;
		features[i].put(to, o);
		section->size = to->size - section->offset;
		head->nr_sections++;
		head->features |= UINT64_C(1) << features[i].bit;
		if (features[i].bit == PERF_FEATURE_COMPRESSED)
			head->ratio_offset = section->offset + 3 * sizeof(uint32_t);
	}
}

int writer_head_file(struct writer_head *head, struct blob *to,
		     const struct writer_options *o, struct failure *f)
{
	uint64_t ids_at = sizeof(head->header);

	*head = (struct writer_head){
		.header = {
			.magic = PERF_FILE_MAGIC,
			.size = sizeof(head->header),
			.attr_size = ATTR_SIZE + sizeof(head->header.attrs),
		}};
	blob_zeros(to, sizeof(head->header));
	for (size_t i = 0; i < o->nr_events; i++)
		blob_put(to, o->events[i].ids, o->events[i].nr_ids * sizeof(uint64_t));
	head->header.attrs.offset = to->size;
	head->header.attrs.size = o->nr_events * head->header.attr_size;
	for (size_t i = 0; i < o->nr_events; i++) {
		put_attr(to, &o->events[i]);
		blob_u64(to, ids_at);
		blob_u64(to, o->events[i].nr_ids * sizeof(uint64_t));
		ids_at += o->events[i].nr_ids * sizeof(uint64_t);
	}
	put_sections(head, to, o);
	blob_align(to, sizeof(uint64_t));
	head->header.data.offset = to->size;
	return to->failed ? fail(f, -ENOMEM, "no memory for the head of the trace") : 0;
}

/* Puts a record whose body is what @body put; its size goes in afterwards. */
static size_t begin_record(struct blob *to, uint32_t type)
{
	struct perf_event_header header = {.type = type};
	size_t start = to->size;

	blob_put(to, &header, sizeof(header));
	return start;
}

static int end_record(struct blob *to, size_t start, struct failure *f)
{
	size_t size;
	uint16_t stored;

	blob_zeros(to, (8 - (to->size - start) % 8) % 8);
	size = to->size - start;
	if (size > RECORD_MAX)
		return fail(
			f, -E2BIG,
			"%zu bytes of one event's ids or of the command line do not fit "
			"a record of a stream (at most %d); write a file instead",
			size, RECORD_MAX);
	stored = (uint16_t)size;
	if (!to->failed)
		memcpy(to->data + start + offsetof(struct perf_event_header, size),
		       &stored, sizeof(stored));
	return 0;
}

static int put_event_records(struct blob *to, const struct writer_event *event,
			     struct failure *f)
{
	size_t start = begin_record(to, PERF_RECORD_USER_HEADER_ATTR);
	int err;

	put_attr(to, event);
	blob_put(to, event->ids, event->nr_ids * sizeof(uint64_t));
	err = end_record(to, start, f);
	if (err || !event->nr_ids)
		return err;
	start = begin_record(to, PERF_RECORD_USER_EVENT_UPDATE);
	blob_u64(to, EVENT_UPDATE_NAME);
	blob_u64(to, event->ids[0]);
	blob_put(to, event->name, strlen(event->name) + 1);
	return end_record(to, start, f);
}

static int put_feature_records(struct blob *to, const struct writer_options *o,
			       struct failure *f)
{
	int err = 0;

	for (size_t i = 0; i < sizeof(features) / sizeof(*features) && !err; i++) {
		size_t start;

		if (!features[i].in_pipe || !is_wanted(&features[i], o))
			continue;
		start = begin_record(to, PERF_RECORD_USER_HEADER_FEATURE);
		blob_u64(to, features[i].bit);
		features[i].put(to, o);
		err = end_record(to, start, f);
	}
	return err;
}

/* The record counts its padded payload in its own field, not in header.size. */
static void put_tracing_record(struct blob *to, const struct writer_options *o)
{
	struct blob payload = {0};
	struct perf_event_header header = {
		.type = PERF_RECORD_USER_TRACING_DATA,
		.size = sizeof(header) + sizeof(uint32_t),
	};

	put_tracing_data(&payload, o);
	blob_align(&payload, sizeof(uint64_t));
	blob_put(to, &header, sizeof(header));
	blob_u32(to, (uint32_t)payload.size);
	blob_put(to, payload.data, payload.size);
	to->failed |= payload.failed;
	blob_release(&payload);
}

int writer_head_pipe(struct blob *to, const struct writer_options *o, struct failure *f)
{
	int err = 0;

	blob_u64(to, PERF_FILE_MAGIC);
	blob_u64(to, 2 * sizeof(uint64_t));
	for (size_t i = 0; i < o->nr_events && !err; i++)
		err = put_event_records(to, &o->events[i], f);
	if (!err)
		err = put_feature_records(to, o, f);
	if (err)
		return err;
	put_tracing_record(to, o);
	put_build_ids(to, o);
	return to->failed ? fail(f, -ENOMEM, "no memory for the head of the trace") : 0;
}
