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

/* The number of the "ID:" line, or -1. */
static int64_t format_id(const char *text, size_t size)
{
	static const char key[] = "\nID: ";
	const char *found = memmem(text, size, key, sizeof(key) - 1);
	const char *end = text + size;
	int64_t id = 0;

	if (!found)
		return -1;
	found += sizeof(key) - 1;
	if (found == end || *found < '0' || *found > '9')
		return -1;
	for (; found < end && *found >= '0' && *found <= '9' && id <= UINT32_MAX; found++)
		id = id * 10 + (*found - '0');
	return id <= UINT32_MAX ? id : -1;
}

static int add_format(struct tracing_data *t, const char *system, const char *text,
		      size_t size)
{
	int64_t id = format_id(text, size);
	struct tracing_format *formats;
	size_t n = t->nr_formats;

	if (id < 0 || size > TRACING_FORMAT_SIZE_MAX || n == TRACING_FORMATS_MAX)
		return 0;
	if (!(n & (n - 1))) {
		formats = reallocarray(t->formats, n ? 2 * n : 1, sizeof(*formats));
		if (!formats)
			return -ENOMEM;
		t->formats = formats;
	}
	t->formats[t->nr_formats++] =
		(struct tracing_format){system, text, size, (uint32_t)id};
	return 0;
}

/* Takes a size and as many bytes. */
static const char *take_sized(struct bytes *b, size_t *size)
{
	uint64_t stored = bytes_u64(b);

	if (stored > bytes_left(b)) {
		b->bad = true;
		return NULL;
	}
	*size = (size_t)stored;
	return bytes_take(b, *size);
}

static int parse_system(struct tracing_data *t, struct bytes *b)
{
	const char *system = bytes_string(b);
	uint32_t count = bytes_u32(b);
	int err = 0;

	while (count-- && !bytes_bad(b) && !err) {
		size_t size = 0;
		const char *text = take_sized(b, &size);

		if (text)
			err = add_format(t, system, text, size);
	}
	return err;
}

static void expect(struct bytes *b, const void *text, size_t size)
{
	const void *found = bytes_take(b, size);

	if (found && memcmp(found, text, size))
		b->bad = true;
}

static void parse_head(struct tracing_data *t, struct bytes *b)
{
	uint32_t count;
	size_t size;

	expect(b, magic, sizeof(magic));
	bytes_string(b); /* version: nothing that is read here has changed since 0.5 */
	if (bytes_u8(b) != (__BYTE_ORDER == __BIG_ENDIAN))
		b->bad = true;
	t->long_size = bytes_u8(b);
	t->page_size = bytes_u32(b);
	expect(b, header_page, sizeof(header_page));
	take_sized(b, &size);
	expect(b, header_event, sizeof(header_event));
	take_sized(b, &size);
	count = bytes_u32(b);
	while (count-- && !bytes_bad(b))
		take_sized(b, &size);
}

static int by_id(const void *a, const void *b)
{
	uint32_t first = ((const struct tracing_format *)a)->id;
	uint32_t second = ((const struct tracing_format *)b)->id;

	return (first > second) - (first < second);
}

int tracing_data_parse(struct tracing_data *t, const void *data, size_t size,
		       struct failure *f)
{
	struct bytes b = bytes_of(data, size);
	uint32_t systems;
	int err = 0;

	*t = (struct tracing_data){0};
	parse_head(t, &b);
	systems = bytes_u32(&b);
	while (systems-- && !bytes_bad(&b) && !err)
		err = parse_system(t, &b);
	if (t->nr_formats)
		qsort(t->formats, t->nr_formats, sizeof(*t->formats), by_id);
	if (err)
		return fail(f, err, "no memory for the event formats");
	if (bytes_bad(&b))
		return fail(f, -EINVAL, "damaged event formats");
	return 0;
}

const struct tracing_format *tracing_data_find(const struct tracing_data *t, uint32_t id)
{
	struct tracing_format key = {.id = id};

	if (!t->nr_formats)
		return NULL;
	return bsearch(&key, t->formats, t->nr_formats, sizeof(key), by_id);
}

void tracing_data_release(struct tracing_data *t)
{
	free(t->formats);
	*t = (struct tracing_data){0};
}
