// SPDX-License-Identifier: GPL-2.0-or-later
/* fathom list for people: a table, all details, CSV. */
#include "collector/list.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_MAX = 1024, TURNS = 4, COLUMNS = 5, CSV_COLUMNS = 6 };

const char *list_text(const char *text)
{
	static char turns[TURNS][TEXT_MAX];
	static unsigned turn;
	char *out = turns[turn++ % TURNS];

	text_escape(out, TEXT_MAX, text, strlen(text), 0);
	return out;
}

static bool has_semaphore(const struct plan_event *event)
{
	for (size_t i = 0; i < event->nr_sites; i++)
		if (event->sites[i].site->semaphore_address)
			return true;
	return false;
}

/* "(u64 id, s32 fd)"; to be freed, NULL without memory. */
static char *arguments_text(const struct plan_event *event)
{
	char *text = NULL, type[8];
	size_t size;
	FILE *to = open_memstream(&text, &size);

	if (!to)
		return NULL;
	fputc('(', to);
	for (size_t i = 0; i < event->nr_arguments; i++)
		fprintf(to, "%s%s %s", i ? ", " : "",
			argument_type_text(&event->arguments[i], type),
			event->arguments[i].name);
	fputc(')', to);
	fclose(to);
	return text;
}

/* "bufmgr.c:734" of the first site; to be freed, NULL if unknown. */
static char *source_text(const struct listing *l, const struct plan_event *event)
{
	struct source_line line;
	const char *base;
	char *text = NULL;

	if (!event->nr_sites ||
	    naming_source_line(l->naming, l->plan, &event->sites[0], &line))
		return NULL;
	base = strrchr(line.file, '/');
	if (asprintf(&text, "%s:%d", list_text(base ? base + 1 : line.file), line.line) <
	    0)
		return NULL;
	return text;
}

static void add_cells(struct text_table *table, const struct listing *l,
		      const struct plan_event *event)
{
	char *arguments = arguments_text(event), *source = source_text(l, event);

	text_cell(table, "%s", list_text(event->name));
	text_cell(table, "%zu", event->nr_sites);
	text_cell(table, "%s", has_semaphore(event) ? "yes" : "no");
	text_cell(table, "%s", source ? source : "");
	text_cell(table, "%s", arguments ? arguments : "");
	free(arguments);
	free(source);
}

static void add_heading(struct text_table *table)
{
	static const char *const heading[COLUMNS] = {"PROBE", "SITES", "SEMAPHORE",
						     "SOURCE", "ARGUMENTS"};

	for (unsigned i = 0; i < COLUMNS; i++)
		text_cell(table, "%s", heading[i]);
}

static void print_file(const struct listed_file *file)
{
	printf("%s", list_text(file->path));
	if (file->mapped_as)
		printf(" = %s", list_text(file->mapped_as));
	if (file->nr_pids == 1)
		printf(" (process %d)", file->pids[0]);
	else if (file->nr_pids)
		printf(" (%zu processes)", file->nr_pids);
	printf(":\n");
}

void list_print_table(const struct listing *l, bool heading)
{
	struct text_table *table = text_table_new(COLUMNS);

	if (heading)
		print_file(l->file);
	add_heading(table);
	for (size_t i = 0; i < l->plan->nr_events; i++)
		add_cells(table, l, &l->plan->events[i]);
	text_table_print(table, stdout, false);
	text_table_free(table);
}

struct text_table *list_csv_new(void)
{
	struct text_table *table = text_table_new(CSV_COLUMNS);

	text_cell(table, "FILE");
	add_heading(table);
	return table;
}

void list_csv_add(struct text_table *table, const struct listing *l)
{
	for (size_t i = 0; i < l->plan->nr_events; i++) {
		text_cell(table, "%s", list_text(l->file->path));
		add_cells(table, l, &l->plan->events[i]);
	}
}

/* "u8(0=read,1=write) op" */
static void print_argument(const struct argument *a)
{
	char type[8];

	printf("%s", argument_type_text(a, type));
	for (size_t i = 0; i < a->nr_words; i++)
		printf("%c%" PRId64 "=%s", i ? ',' : '(', a->words[i].value,
		       a->words[i].word);
	printf("%s %s", a->nr_words ? ")" : "", a->name);
}

static void print_arguments(const struct plan_event *event)
{
	for (size_t i = 0; i < event->nr_arguments; i++) {
		const char *name = name_source_text(event->named_by[i]);
		const char *type = name_source_text(event->typed_by[i]);

		printf("  argument %zu: ", i + 1);
		print_argument(&event->arguments[i]);
		if (event->named_by[i] == event->typed_by[i])
			printf("  [%s]\n", name);
		else
			printf("  [name: %s, type: %s]\n", name, type);
	}
}

static void print_site(const struct listing *l, const struct plan_site *site)
{
	struct source_line line;

	printf("  site 0x%" PRIx64 ": ", site->site->address);
	if (!naming_source_line(l->naming, l->plan, site, &line))
		printf("%s:%d ", list_text(line.file), line.line);
	if (site->site->semaphore)
		printf("semaphore 0x%" PRIx64 " ", site->site->semaphore);
	else if (site->site->semaphore_address)
		printf("semaphore in memory that cannot be written ");
	printf("[%s]\n", list_text(site->site->operands));
	for (size_t i = 0; i < site->nr_operands; i++)
		if (site->operands[i].kind == OPERAND_NONE)
			printf("    argument %zu cannot be read here: %s\n", i + 1,
			       site->operands[i].why);
}

void list_print_long(const struct listing *l)
{
	print_file(l->file);
	for (size_t i = 0; i < l->plan->nr_events; i++) {
		const struct plan_event *event = &l->plan->events[i];

		printf("%s\n", list_text(event->name));
		print_arguments(event);
		if (event->provider_file)
			printf("  declared in %s\n", list_text(event->provider_file));
		for (size_t j = 0; j < event->nr_conflicts; j++)
			printf("  conflict: %s\n", list_text(event->conflicts[j]));
		for (size_t j = 0; j < event->nr_sites; j++)
			print_site(l, &event->sites[j]);
	}
}
