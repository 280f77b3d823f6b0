// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The fields of an event type, from its format as libtraceevent understood it.
 *
 * Names, places and signs are in the fields; what a number means is in the print fmt:
 * a value that goes to %x is hexadecimal, one inside __print_symbolic() has words.
 */
#include "trace/event_fields.h"

#include <ctype.h>
#include <errno.h>
#include <event-parse.h>
#include <stdlib.h>

enum { WORDS_MAX = 4096, FIELDS_MAX = 1024, RECORD_MAX = 1 << 16 };

/* What a conversion of the print fmt does with a field. */
struct use {
	char conversion; /* 'x', 's', …; 0: not found */
	const struct tep_print_flag_sym *words;
};

static const struct tep_print_arg *inside_casts(const struct tep_print_arg *arg)
{
	while (arg && arg->type == TEP_PRINT_TYPE)
		arg = arg->typecast.item;
	return arg;
}

static bool is_field(const struct tep_print_arg *arg, const char *name)
{
	arg = inside_casts(arg);
	return arg && arg->type == TEP_PRINT_FIELD && arg->field.name &&
	       !strcmp(arg->field.name, name);
}

/* The next conversion's letter, or 0; *@format moves behind it. */
static char next_conversion(const char **format)
{
	const char *c = *format;

	while ((c = strchr(c, '%'))) {
		c++;
		while (*c && strchr("0123456789.-+ #*hlLzjtq", *c))
			c++;
		if (*c && *c != '%') {
			*format = c + 1;
			return *c;
		}
		c += *c == '%';
	}
	return 0;
}

static struct use use_of(const struct tep_event *event, const char *name)
{
	const char *format = event->print_fmt.format ? event->print_fmt.format : "";

	for (const struct tep_print_arg *arg = event->print_fmt.args; arg;
	     arg = arg->next) {
		char conversion = next_conversion(&format);

		if (!conversion)
			break;
		if (is_field(arg, name))
			return (struct use){.conversion = conversion};
		if (arg->type == TEP_PRINT_SYMBOL && is_field(arg->symbol.field, name))
			return (struct use){'s', arg->symbol.symbols};
	}
	return (struct use){0};
}

static int64_t word_value(const struct argument *type, const char *text)
{
	uint64_t bits = strtoull(text, NULL, 0);
	unsigned unused = 64 - 8U * type->size;

	if (!type->is_signed || !unused)
		return (int64_t)bits;
	return (int64_t)(bits << unused) >> unused;
}

static int fill_words(struct argument *type, const struct tep_print_flag_sym *words)
{
	size_t count = 0;

	for (const struct tep_print_flag_sym *w = words; w && count < WORDS_MAX;
	     w = w->next)
		count++;
	type->words = calloc(count, sizeof(*type->words));
	if (count && !type->words)
		return -ENOMEM;
	for (; words && type->nr_words < count; words = words->next) {
		struct argument_word *word = &type->words[type->nr_words];

		if (!words->value || !words->str)
			continue;
		word->value = word_value(type, words->value);
		word->word = strdup(words->str);
		if (!word->word)
			return -ENOMEM;
		type->nr_words++;
	}
	return 0;
}

static bool fill_string(struct event_field *field, const struct tep_format_field *from)
{
	if (!(from->flags & TEP_FIELD_IS_STRING))
		return false;
	if (!(from->flags & TEP_FIELD_IS_DYNAMIC))
		field->text = TEXT_INLINE;
	else if (from->flags & TEP_FIELD_IS_RELATIVE)
		field->text = TEXT_REL_LOC;
	else
		field->text = TEXT_DATA_LOC;
	field->type.kind = ARGUMENT_STRING;
	field->type.size = 8;
	return field->text == TEXT_INLINE || from->size == 4;
}

static bool fill_number(struct event_field *field, const struct tep_format_field *from)
{
	bool is_float = from->type &&
			(!strcmp(from->type, "double") || !strcmp(from->type, "float"));

	if (from->size != 1 && from->size != 2 && from->size != 4 && from->size != 8)
		return false;
	field->type.kind =
		from->flags & TEP_FIELD_IS_POINTER ? ARGUMENT_HEX : ARGUMENT_INTEGER;
	if (is_float && from->size >= 4)
		field->type.kind = ARGUMENT_FLOAT;
	field->type.size = (uint8_t)from->size;
	field->type.is_signed = from->flags & TEP_FIELD_IS_SIGNED || is_float;
	return true;
}

/* Returns 1: filled, 0: a kind of field that is left out, -ENOMEM. */
static int fill_field(struct event_field *field, const struct tep_event *event,
		      const struct tep_format_field *from)
{
	struct use use;

	if (!from->name || from->offset < 0 || from->size <= 0 ||
	    from->offset >= RECORD_MAX || from->size > RECORD_MAX - from->offset)
		return 0;
	*field = (struct event_field){.offset = (uint32_t)from->offset,
				      .length = (uint32_t)from->size};
	if (!fill_string(field, from) &&
	    (from->flags & TEP_FIELD_IS_ARRAY || !fill_number(field, from)))
		return 0;
	field->type.name = strdup(from->name);
	if (!field->type.name)
		return -ENOMEM;
	use = use_of(event, from->name);
	if (field->type.kind == ARGUMENT_INTEGER && strchr("xXp", use.conversion) &&
	    use.conversion)
		field->type.kind = ARGUMENT_HEX;
	if (field->type.kind == ARGUMENT_INTEGER && use.words &&
	    fill_words(&field->type, use.words)) {
		argument_release(&field->type);
		return -ENOMEM;
	}
	return 1;
}

static int add_fields(struct event_type *type, struct event_field *fields,
		      const struct tep_event *event, const struct tep_format_field *from,
		      bool common)
{
	for (; from && type->nr_fields < FIELDS_MAX; from = from->next) {
		struct event_field *field = &fields[type->nr_fields];
		int filled = fill_field(field, event, from);

		if (filled < 0)
			return filled;
		if (!filled)
			continue;
		field->common = common;
		type->nr_fields++;
		if (field->offset + field->length > type->fixed_size)
			type->fixed_size = field->offset + field->length;
	}
	return 0;
}

static size_t count_fields(const struct tep_format_field *fields)
{
	size_t count = 0;

	for (; fields && count < FIELDS_MAX; fields = fields->next)
		count++;
	return count;
}

int event_fields_fill(struct event_type *type, struct tep_event *format)
{
	size_t count = count_fields(format->format.common_fields) +
		       count_fields(format->format.fields);
	struct event_field *fields = calloc(count + 1, sizeof(*fields));
	int err;

	if (!fields)
		return -ENOMEM;
	type->fields = fields;
	type->format = format;
	err = add_fields(type, fields, format, format->format.common_fields, true);
	if (!err)
		err = add_fields(type, fields, format, format->format.fields, false);
	return err;
}

void event_fields_release(struct event_type *type)
{
	struct event_field *fields = (struct event_field *)type->fields;

	for (size_t i = 0; i < type->nr_fields; i++)
		argument_release(&fields[i].type);
	free(fields);
	type->fields = NULL;
	type->nr_fields = 0;
}

const struct event_field *event_type_field(const struct event_type *type,
					   const char *name)
{
	for (size_t i = 0; i < type->nr_fields; i++)
		if (!strcmp(type->fields[i].type.name, name))
			return &type->fields[i];
	return NULL;
}

const char *event_string(const struct event *event, const struct event_field *field,
			 size_t *length)
{
	uint32_t at = field->offset, size = field->length, place;

	*length = 0;
	if (field->text == TEXT_NONE)
		return NULL;
	if (field->text != TEXT_INLINE) {
		memcpy(&place, event->raw + at, sizeof(place));
		at = (place & 0xffff) + (field->text == TEXT_REL_LOC ? at + 4 : 0);
		size = place >> 16;
	}
	if (at > event->raw_size || size > event->raw_size - at)
		return NULL;
	*length = strnlen((const char *)event->raw + at, size);
	return (const char *)event->raw + at;
}
