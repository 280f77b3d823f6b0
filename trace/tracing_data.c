// SPDX-License-Identifier: GPL-2.0-or-later
/* Event formats in and out of a trace, in the layout of trace-cmd 0.6. */
#include "trace/tracing_data.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/bytes.h"
#include "core/failure.h"
#include "trace/writer.h"

static const char magic[] = {23, 8, 68, 't', 'r', 'a', 'c', 'i', 'n', 'g'};
static const char version[] = "0.6";
static const char header_page[] = "header_page";
static const char header_event[] = "header_event";

/* What the kernel's events/header_page says. perf takes an empty one for damage. */
static const char page_format[] =
	"\tfield: u64 timestamp;\toffset:0;\tsize:8;\tsigned:0;\n"
	"\tfield: local_t commit;\toffset:8;\tsize:8;\tsigned:1;\n"
	"\tfield: int overwrite;\toffset:8;\tsize:1;\tsigned:1;\n"
	"\tfield: char data;\toffset:16;\tsize:4080;\tsigned:1;\n";

static void put_system(struct blob *to, const struct writer_event *events, size_t count,
		       const char *system)
{
	uint32_t members = 0;

	for (size_t i = 0; i < count; i++)
		members += events[i].format && !strcmp(events[i].system, system);
	blob_put(to, system, strlen(system) + 1);
	blob_u32(to, members);
	for (size_t i = 0; i < count; i++) {
		if (!events[i].format || strcmp(events[i].system, system))
			continue;
		blob_u64(to, strlen(events[i].format));
		blob_put(to, events[i].format, strlen(events[i].format));
	}
}

static bool first_of_system(const struct writer_event *events, size_t index)
{
	if (!events[index].format)
		return false;
	for (size_t i = 0; i < index; i++)
		if (events[i].format && !strcmp(events[i].system, events[index].system))
			return false;
	return true;
}

void tracing_data_put(struct blob *to, const struct writer_event *events, size_t count)
{
	uint32_t systems = 0;

	blob_put(to, magic, sizeof(magic));
	blob_put(to, version, sizeof(version));
	blob_u8(to, __BYTE_ORDER == __BIG_ENDIAN);
	blob_u8(to, sizeof(long));
	blob_u32(to, (uint32_t)sysconf(_SC_PAGESIZE));
	blob_put(to, header_page, sizeof(header_page));
	blob_u64(to, sizeof(page_format) - 1);
	blob_put(to, page_format, sizeof(page_format) - 1);
	blob_put(to, header_event, sizeof(header_event));
	blob_u64(to, 0);
	blob_u32(to, 0); /* ftrace's own formats */
	for (size_t i = 0; i < count; i++)
		systems += first_of_system(events, i);
	blob_u32(to, systems);
	for (size_t i = 0; i < count; i++)
		if (first_of_system(events, i))
			put_system(to, events, count, events[i].system);
	blob_u32(to, 0); /* kallsyms */
	blob_u32(to, 0); /* printk formats */
	blob_u64(to, 0); /* saved command lines */
}
