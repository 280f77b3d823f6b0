// SPDX-License-Identifier: GPL-2.0-or-later
/* The layout of a record and its format text, as tracefs would show it. */
#include "trace/event_format.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	COMMON_SIZE = 8, /* the four common_ fields, as in every tracepoint */
	SITE_SIZE = 4,
	DATA_LOC_SIZE = 4,
	IP_OFFSET = 8,
};

static uint32_t field_size(const struct argument *a)
{
	return a->kind == ARGUMENT_STRING ? DATA_LOC_SIZE : a->size;
}

static uint32_t round_up(uint32_t value, uint32_t step)
{
	return (value + step - 1) / step * step;
}

void format_layout(const struct argument *arguments, size_t count,
		   struct format_field *fields, uint32_t *site_offset, uint32_t *size)
{
	uint32_t at = COMMON_SIZE;

	*site_offset = 0;
	for (size_t i = 0; i < count; i++) {
		uint32_t width = field_size(&arguments[i]);
		uint32_t start = round_up(at, width);
		uint32_t gap = round_up(at, SITE_SIZE);

		if (!*site_offset && gap + SITE_SIZE <= start)
			*site_offset = gap;
		fields[i] = (struct format_field){&arguments[i], start};
		at = start + width;
	}
	if (!*site_offset) {
		*site_offset = round_up(at, SITE_SIZE);
		at = *site_offset + SITE_SIZE;
	}
	*size = at;
}

/* A name as a C identifier: what the note's author wrote may be anything. */
static void put_name(FILE *to, const char *name)
{
	if (!*name || isdigit((unsigned char)*name))
		fputc('_', to);
	for (; *name; name++)
		fputc(isalnum((unsigned char)*name) ? *name : '_', to);
}

/* A word inside quotes inside the print fmt: no escape survives every parser. */
static void put_word(FILE *to, const char *word)
{
	for (; *word; word++)
		fputc(isprint((unsigned char)*word) && !strchr("\"\\%", *word) ? *word
									       : '?',
		      to);
}

static void put_field(FILE *to, const struct format_field *field)
{
	const struct argument *a = field->argument;

	fputs("\tfield:", to);
	if (a->kind == ARGUMENT_STRING)
		fputs("__data_loc char[] ", to);
	else if (a->kind == ARGUMENT_FLOAT)
		fputs(a->size == 8 ? "double " : "float ", to);
	else
		fprintf(to, "%c%u ", a->is_signed ? 's' : 'u', a->size * 8U);
	put_name(to, a->name);
	fprintf(to, ";\toffset:%" PRIu32 ";\tsize:%" PRIu32 ";\tsigned:%d;\n",
		field->offset, field_size(a), a->is_signed && a->kind != ARGUMENT_STRING);
}

static bool has_words(const struct argument *a)
{
	return a->kind == ARGUMENT_INTEGER && a->nr_words;
}

static void put_conversion(FILE *to, const struct argument *a)
{
	const char *length = a->size == 8 ? "ll" : "";

	putc(' ', to);
	put_name(to, a->name);
	if (a->kind == ARGUMENT_STRING)
		fputs("=\\\"%s\\\"", to);
	else if (has_words(a))
		fputs("=%s", to);
	else if (a->kind == ARGUMENT_INTEGER)
		fprintf(to, "=%%%s%c", length, a->is_signed ? 'd' : 'u');
	else
		fprintf(to, "=0x%%%sx", length);
}

/* Parsers compare a word's value with the field's bits, unextended. */
static uint64_t word_bits(const struct argument *a, int64_t value)
{
	return a->size == 8 ? (uint64_t)value
			    : (uint64_t)value & ((UINT64_C(1) << (a->size * 8)) - 1);
}

static void put_words(FILE *to, const struct argument *a)
{
	fputs("__print_symbolic(REC->", to);
	put_name(to, a->name);
	for (size_t i = 0; i < a->nr_words; i++) {
		fprintf(to, ", { %" PRIu64 ", \"", word_bits(a, a->words[i].value));
		put_word(to, a->words[i].word);
		fputs("\" }", to);
	}
	putc(')', to);
}

/* libtraceevent does not extend the sign of small fields, so the expression does (and
 * it does not know ^). */
static void put_small_signed(FILE *to, const struct argument *a)
{
	unsigned sign = 1U << (8 * a->size - 1);

	fputs("(((REC->", to);
	put_name(to, a->name);
	fprintf(to, " + %u) & %u) - %u)", sign, 2 * sign - 1, sign);
}

static void put_value(FILE *to, const struct argument *a)
{
	fputs(", ", to);
	if (has_words(a)) {
		put_words(to, a);
	} else if (a->kind == ARGUMENT_INTEGER && a->is_signed && a->size < 4) {
		put_small_signed(to, a);
	} else {
		fputs(a->kind == ARGUMENT_STRING ? "__get_str(" : "REC->", to);
		put_name(to, a->name);
		if (a->kind == ARGUMENT_STRING)
			putc(')', to);
	}
}

static const char common_fields[] =
	"format:\n"
	"\tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;\n"
	"\tfield:unsigned char common_flags;\toffset:2;\tsize:1;\tsigned:0;\n"
	"\tfield:unsigned char common_preempt_count;\toffset:3;\tsize:1;\tsigned:0;\n"
	"\tfield:int common_pid;\toffset:4;\tsize:4;\tsigned:1;\n\n";

static void put_site(FILE *to, enum format_site site, uint32_t site_offset)
{
	if (site == FORMAT_SITE_IP)
		fprintf(to,
			"\tfield:unsigned long "
			"__probe_ip;\toffset:%d;\tsize:8;\tsigned:0;\n",
			IP_OFFSET);
	else
		fprintf(to,
			"\tfield:u32 __probe_site;\toffset:%" PRIu32
			";\tsize:%d;\tsigned:0;\n",
			site_offset, SITE_SIZE);
}

int format_text(char **text, const char *name, uint32_t id, enum format_site site,
		uint32_t site_offset, const struct format_field *fields, size_t count)
{
	size_t size;
	FILE *to = open_memstream(text, &size);
	bool failed;

	if (!to)
		return -ENOMEM;
	fputs("name: ", to);
	put_name(to, name);
	fprintf(to, "\nID: %" PRIu32 "\n%s", id, common_fields);
	put_site(to, site, site_offset);
	for (size_t i = 0; i < count; i++)
		put_field(to, &fields[i]);
	fprintf(to, "\nprint fmt: \"(%%%sx)", site == FORMAT_SITE_IP ? "l" : "");
	for (size_t i = 0; i < count; i++)
		put_conversion(to, fields[i].argument);
	fputs(site == FORMAT_SITE_IP ? "\", REC->__probe_ip" : "\", REC->__probe_site",
	      to);
	for (size_t i = 0; i < count; i++)
		put_value(to, fields[i].argument);
	putc('\n', to);
	failed = ferror(to);
	if (fclose(to) || failed) {
		free(*text);
		*text = NULL;
		return -ENOMEM;
	}
	return 0;
}
