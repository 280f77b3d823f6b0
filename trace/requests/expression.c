// SPDX-License-Identifier: GPL-2.0-or-later
/* The small sums of a request model. */
#include "trace/requests/expression.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/failure.h"
#include "core/units.h"
#include "trace/requests/words.h"

static bool is_name_character(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '.';
}

/* Cuts the next factor off *@at; *@then is the operator behind it, or NUL. */
static char *cut_factor(char **at, char *then)
{
	char *start = *at + strspn(*at, " \t"), *end = start, *next;

	while (is_name_character(*end))
		end++;
	next = end + strspn(end, " \t");
	*then = *next;
	*at = *next ? next + 1 : next;
	*end = 0;
	return start;
}

static int add_factor(struct expression *e, const char *factor, struct failure *f)
{
	unsigned term = e->nr_terms - 1;
	uint64_t value;

	if (!*factor)
		return fail(f, -EINVAL, "expected an argument or a number");
	if (isdigit((unsigned char)*factor)) {
		int err = number_parse(factor, &value, f);

		e->terms[term].constant *= value;
		return err;
	}
	if (e->terms[term].nr_names == EXPRESSION_FACTORS)
		return fail(f, -EINVAL, "more than %d arguments in a product",
			    EXPRESSION_FACTORS);
	e->terms[term].names[e->terms[term].nr_names++] = factor;
	return 0;
}

int expression_parse(struct expression *e, char *text, struct failure *f)
{
	char then = '+';

	memset(e, 0, sizeof(*e));
	while (then) {
		int err;

		if (then == '+') {
			if (e->nr_terms == EXPRESSION_TERMS)
				return fail(f, -EINVAL, "more than %d terms in a sum",
					    EXPRESSION_TERMS);
			e->terms[e->nr_terms++].constant = 1;
		} else if (then != '*') {
			return fail(f, -EINVAL, "'%c' is not + or *", then);
		}
		err = add_factor(e, cut_factor(&text, &then), f);
		if (err)
			return err;
	}
	return 0;
}

/* N of "argN", or 0. */
static unsigned position_of(const char *name)
{
	char *end;
	unsigned long n;

	if (strncmp(name, "arg", 3) || !isdigit((unsigned char)name[3]))
		return 0;
	n = strtoul(name + 3, &end, 10);
	return *end || n > ARGUMENTS_MAX ? 0 : (unsigned)n;
}

/* The field called "argN", as perf names them. */
static const struct event_field *numbered_field(const struct event_type *type, size_t n)
{
	for (size_t i = 0; i < type->nr_fields; i++)
		if (position_of(type->fields[i].type.name) == n)
			return &type->fields[i];
	return NULL;
}

static bool has_numbered_fields(const struct event_type *type)
{
	for (size_t n = 1; n <= ARGUMENTS_MAX; n++)
		if (numbered_field(type, n))
			return true;
	return false;
}

static const struct event_field *nth_argument(const struct event_type *type, size_t n)
{
	for (size_t i = 0; i < type->nr_fields; i++)
		if (field_is_argument(&type->fields[i]) && !--n)
			return &type->fields[i];
	return NULL;
}

const struct event_field *find_argument(const struct event_type *type, const char *name,
					char *const *arguments, size_t nr_arguments)
{
	const struct event_field *field = event_type_field(type, name);
	unsigned n = position_of(name);

	if (field)
		return field;
	for (size_t i = 0; i < nr_arguments; i++)
		if (!strcmp(arguments[i], name))
			return numbered_field(type, i + 1);
	/* perf leaves constants out, so positions count only where names are used */
	if (n && !has_numbered_fields(type))
		return nth_argument(type, n);
	return NULL;
}

static bool is_integer(const struct event_field *field)
{
	return field->type.kind == ARGUMENT_INTEGER || field->type.kind == ARGUMENT_HEX;
}

static int bind_name(struct operand *to, const char *name, const struct event_type *type,
		     char *const *arguments, size_t nr_arguments, bool text)
{
	to->kind = OPERAND_FIELD;
	to->field = find_argument(type, name, arguments, nr_arguments);
	if (to->field && text && to->field->type.kind == ARGUMENT_STRING)
		to->kind = OPERAND_TEXT;
	else if (to->field)
		return is_integer(to->field) ? 0 : -ENOENT;
	else if (!strcmp(name, "pid"))
		to->kind = OPERAND_PID;
	else if (!strcmp(name, "tid"))
		to->kind = OPERAND_TID;
	else
		return -ENOENT;
	return 0;
}

int expression_bind(struct bound_expression *bound, const struct expression *e,
		    const struct event_type *type, char *const *arguments,
		    size_t nr_arguments, bool text, const char **missing)
{
	memset(bound, 0, sizeof(*bound));
	for (unsigned t = 0; t < e->nr_terms; t++) {
		bound->terms[t].constant = e->terms[t].constant;
		bound->terms[t].nr_operands = e->terms[t].nr_names;
		for (unsigned i = 0; i < e->terms[t].nr_names; i++) {
			*missing = e->terms[t].names[i];
			if (bind_name(&bound->terms[t].operands[i], *missing, type,
				      arguments, nr_arguments, text))
				return -ENOENT;
		}
	}
	bound->nr_terms = e->nr_terms;
	if (e->nr_terms == 1 && e->terms[0].nr_names == 1 && e->terms[0].constant == 1 &&
	    bound->terms[0].operands[0].kind == OPERAND_FIELD)
		bound->only = bound->terms[0].operands[0].field;
	return 0;
}

const struct event_field *expression_text(const struct bound_expression *bound)
{
	const struct operand *first = &bound->terms[0].operands[0];

	if (bound->nr_terms != 1 || bound->terms[0].nr_operands != 1 ||
	    bound->terms[0].constant != 1)
		return NULL;
	return first->kind == OPERAND_TEXT ? first->field : NULL;
}

static uint64_t text_value(const struct event *event, const struct event_field *field)
{
	size_t length;
	const char *text = event_string(event, field, &length);

	return text ? text_hash(text, length) : 0;
}

static uint64_t operand_value(const struct operand *o, const struct event *event)
{
	switch (o->kind) {
	case OPERAND_PID:
		return (uint64_t)event->pid;
	case OPERAND_TID:
		return (uint64_t)event->tid;
	case OPERAND_TEXT:
		return text_value(event, o->field);
	default:
		return (uint64_t)event_integer(event, o->field);
	}
}

uint64_t expression_sum(const struct bound_expression *bound, const struct event *event)
{
	uint64_t sum = 0;

	for (unsigned t = 0; t < bound->nr_terms; t++) {
		uint64_t product = bound->terms[t].constant;

		for (unsigned i = 0; i < bound->terms[t].nr_operands; i++)
			product *= operand_value(&bound->terms[t].operands[i], event);
		sum += product;
	}
	return sum;
}
