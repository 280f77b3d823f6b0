// SPDX-License-Identifier: GPL-2.0-or-later
/* One type for an argument: what was declared against what the operands of all sites say.
 */
#include "collector/naming_type.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { POINTER_SIZE = 8 };

/* What the operands of all sites need to hold an argument's values. */
struct width {
	unsigned unsigned_size, signed_size, float_size;
	unsigned widest; /* integer operand */
	bool fetchable;
};

static void widen(struct width *w, const struct operand *o)
{
	if (o->is_float) {
		if (o->size > w->float_size)
			w->float_size = o->size;
		return;
	}
	if (o->size > w->widest)
		w->widest = o->size;
	if (o->is_signed && !(o->kind == OPERAND_CONSTANT && o->value >= 0)) {
		if (o->size > w->signed_size)
			w->signed_size = o->size;
	} else if (o->size > w->unsigned_size) {
		w->unsigned_size = o->size;
	}
}

/* Operands that cannot be read count only where no site's can: for size and sign. */
static void measure(const struct plan_event *event, uint8_t i, struct width *w)
{
	*w = (struct width){0};
	for (size_t j = 0; j < event->nr_sites; j++)
		w->fetchable |= i < event->sites[j].nr_operands &&
				event->sites[j].operands[i].kind != OPERAND_NONE;
	for (size_t j = 0; j < event->nr_sites; j++) {
		const struct operand *o = &event->sites[j].operands[i];

		if (i < event->sites[j].nr_operands &&
		    (o->kind != OPERAND_NONE || o->is_float || !w->fetchable))
			widen(w, o);
	}
}

/* The narrowest type that holds all values. */
static void operand_type(const struct width *w, struct argument *a)
{
	unsigned size = w->signed_size;

	if (size && w->unsigned_size >= size)
		size = w->unsigned_size < 8 ? 2 * w->unsigned_size : 8;
	if (!size)
		size = w->unsigned_size;
	a->kind = ARGUMENT_INTEGER;
	a->is_signed = w->signed_size != 0;
	if (!size && w->float_size) {
		a->kind = ARGUMENT_FLOAT;
		size = w->float_size;
	}
	a->size = (uint8_t)(size ? size : 8);
}

static void drop_words(struct argument *a)
{
	for (size_t i = 0; i < a->nr_words; i++)
		free(a->words[i].word);
	free(a->words);
	a->words = NULL;
	a->nr_words = 0;
}

/* Why a declared type cannot be, or NULL. */
static const char *contradiction(const struct argument *declared, const struct width *w)
{
	bool is_float = w->float_size && !w->widest;

	if (!w->fetchable && !w->float_size)
		return NULL;
	if ((declared->kind == ARGUMENT_FLOAT) != is_float)
		return is_float ? "the operand is floating point"
				: "the operand is an integer";
	if (declared->kind == ARGUMENT_STRING && w->widest < POINTER_SIZE)
		return "the operand is too small for a pointer";
	if (declared->kind != ARGUMENT_STRING && declared->size < w->widest)
		return "an operand is wider";
	return NULL;
}

/* Sites whose operands are of other sizes or signs: "-4 at 2 sites, 8 at 1". */
static int tell_sites(struct plan_event *event, uint8_t i)
{
	struct {
		int size;
		unsigned count;
	} kinds[16] = {0};
	size_t nr = 0, used = 0;
	char text[160] = "", type[8];

	for (size_t site = 0; site < event->nr_sites; site++) {
		const struct operand *o = &event->sites[site].operands[i];
		int size = o->is_signed ? -o->size : o->size;
		size_t k = 0;

		if (i >= event->sites[site].nr_operands || o->kind == OPERAND_CONSTANT)
			continue;
		while (k < nr && kinds[k].size != size)
			k++;
		if (k == 16)
			continue;
		if (k == nr)
			kinds[nr++].size = size;
		kinds[k].count++;
	}
	if (nr < 2)
		return 0;
	for (size_t k = 0; k < nr && used < sizeof(text); k++)
		used += (size_t)snprintf(text + used, sizeof(text) - used,
					 "%s%d bytes at %u site%s", k ? ", " : "",
					 kinds[k].size, kinds[k].count,
					 kinds[k].count == 1 ? "" : "s");
	return plan_event_conflict(event, "argument %u is of %s: taken as %s", i + 1U,
				   text, argument_type_text(&event->arguments[i], type));
}

int naming_settle_type(struct plan_event *event, uint8_t i)
{
	struct argument *a = &event->arguments[i];
	const struct argument declared = *a;
	char was[8], is[8];
	const char *why;
	struct width w;
	int err;

	measure(event, i, &w);
	if (!declared.size) {
		operand_type(&w, a);
		err = tell_sites(event, i);
		return err ? err : 0;
	}
	why = contradiction(&declared, &w);
	if (!why) {
		err = tell_sites(event, i);
		return err ? err : 1;
	}
	operand_type(&w, a);
	if (declared.kind != ARGUMENT_INTEGER || a->kind != ARGUMENT_INTEGER)
		drop_words(a);
	err = plan_event_conflict(
		event, "argument %u is declared %s, but %s: taken as %s", i + 1U,
		argument_type_text(&declared, was), why, argument_type_text(a, is));
	return err ? err : a->nr_words != 0;
}

/* Names */

void naming_make_identifier(char *name)
{
	size_t length = strnlen(name, ARGUMENT_NAME_MAX + 1);

	if (length > ARGUMENT_NAME_MAX)
		name[ARGUMENT_NAME_MAX] = 0;
	for (char *c = name; *c; c++)
		if (!((*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') ||
		      (*c >= '0' && *c <= '9' && c > name)))
			*c = '_';
}

/* Fields that every record has (trace/event_format.h). */
static bool is_reserved(const char *name)
{
	static const char *const reserved[] = {
		"common_type",	"common_flags", "common_preempt_count", "common_pid",
		"__probe_site", "__probe_ip",	"__probe_func",
	};

	for (size_t i = 0; i < sizeof(reserved) / sizeof(*reserved); i++)
		if (!strcmp(name, reserved[i]))
			return true;
	return false;
}

static bool is_taken(const struct plan_event *event, size_t before, const char *name)
{
	if (is_reserved(name))
		return true;
	for (size_t i = 0; i < before; i++)
		if (!strcmp(event->arguments[i].name, name))
			return true;
	return false;
}

static int rename_argument(struct plan_event *event, size_t i)
{
	struct argument *a = &event->arguments[i];

	/* Twelve arguments and seven reserved names cannot take more numbers. */
	for (unsigned number = 2; number < 100; number++) {
		char *name;

		if (asprintf(&name, "%.60s_%u", a->name, number) < 0)
			return -ENOMEM;
		if (!is_taken(event, i, name)) {
			free(a->name);
			a->name = name;
			return 0;
		}
		free(name);
	}
	return -ENOMEM;
}

int naming_unique_names(struct plan_event *event)
{
	for (size_t i = 0; i < event->nr_arguments; i++) {
		struct argument *a = &event->arguments[i];

		if (!a->name && asprintf(&a->name, "arg%zu", i + 1) < 0) {
			a->name = NULL;
			return -ENOMEM;
		}
		naming_make_identifier(a->name);
		if (is_taken(event, i, a->name) && rename_argument(event, i))
			return -ENOMEM;
	}
	return 0;
}
