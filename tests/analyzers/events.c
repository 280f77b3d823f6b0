// SPDX-License-Identifier: GPL-2.0-or-later
/* Event types and events made by hand. */
#include "events.h"

#include <stdlib.h>

#include "core/failure.h"

static char common_name[] = "common_pid", ip_name[] = "__probe_ip";

/* perf's layout: the common fields, the address, then the arguments unaligned. */
void make_type(struct made_type *t, unsigned index, const char *name,
	       const char *arguments)
{
	struct failure f = {""};
	uint32_t offset = 16;
	int nr = arguments_parse(arguments, t->arguments, &f);
	const char *colon;

	if (nr < 0) {
		fprintf(stderr, "%s: %s\n", arguments, f.text);
		abort();
	}
	memset(t->record, 0, sizeof(t->record));
	snprintf(t->name, sizeof(t->name), "%s", name);
	colon = strchr(t->name, ':');
	snprintf(t->provider, sizeof(t->provider), "%.*s", (int)(colon - t->name),
		 t->name);
	t->fields[0] = (struct event_field){
		.type = {.name = common_name, .size = 4, .is_signed = true},
		.offset = 4,
		.common = true};
	t->fields[1] = (struct event_field){
		.type = {.name = ip_name, .kind = ARGUMENT_HEX, .size = 8}, .offset = 8};
	for (int i = 0; i < nr; i++) {
		bool is_text = t->arguments[i].kind == ARGUMENT_STRING;

		t->fields[i + 2] =
			(struct event_field){.type = t->arguments[i],
					     .offset = offset,
					     .text = is_text ? TEXT_DATA_LOC : TEXT_NONE};
		offset += is_text ? 4U : t->arguments[i].size;
	}
	t->type = (struct event_type){
		.index = index,
		.name = t->name,
		.provider = t->provider,
		.probe = colon + 1,
		.fields = t->fields,
		.nr_fields = (size_t)nr + 2,
		.fixed_size = offset,
	};
}

void made_type_release(struct made_type *t)
{
	arguments_release(t->arguments, t->type.nr_fields - 2);
}

/* Puts the text at @offset of the record; returns how long it is. */
static uint32_t put_text(struct made_type *t, const struct event_field *field,
			 uint32_t offset, const char *text)
{
	uint32_t length = (uint32_t)strlen(text) + 1, place = length << 16 | offset;

	if (offset + length > sizeof(t->record))
		abort();
	memcpy(t->record + field->offset, &place, sizeof(place));
	memcpy(t->record + offset, text, length);
	return length;
}

struct event make_event(struct made_type *t, uint64_t time_ns, int32_t pid,
			const int64_t *values)
{
	uint32_t size = t->type.fixed_size;

	for (size_t i = 2; i < t->type.nr_fields; i++) {
		const struct event_field *field = &t->fields[i];

		if (field->text == TEXT_DATA_LOC)
			size += put_text(t, field, size, (const char *)values[i - 2]);
		else
			memcpy(t->record + field->offset, &values[i - 2],
			       field->type.size); /* little endian */
	}
	return (struct event){
		.type = &t->type,
		.time_ns = time_ns,
		.pid = pid,
		.tid = pid,
		.raw_size = size,
		.raw = t->record,
	};
}

uint64_t next_random(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * 0x2545f4914f6cdd1dULL;
}
