/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The small sums of a request model: "req", "sector*512", "major*1048576+minor".
 *
 *   EXPRESSION := TERM { "+" TERM }
 *   TERM       := FACTOR { "*" FACTOR }
 *   FACTOR     := integer (decimal or 0x) | argument name | arg1…arg12 | pid | tid
 *
 * Parsed once from text, bound once per event type to the fields of its record, then
 * evaluated per event in 64-bit arithmetic that wraps. A string counts as a hash of its
 * bytes: equal strings, equal keys.
 */
#ifndef FATHOM_TRACE_REQUESTS_EXPRESSION_H
#define FATHOM_TRACE_REQUESTS_EXPRESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "trace/reader.h"

struct failure;

enum { EXPRESSION_TERMS = 4, EXPRESSION_FACTORS = 3 };

struct expression {
	unsigned nr_terms; /* 0: there is no expression */
	struct {
		uint64_t constant; /* product of the integers */
		unsigned nr_names;
		const char *names[EXPRESSION_FACTORS];
	} terms[EXPRESSION_TERMS];
};

/* Cuts @text into pieces in place; the names point into it. Returns 0 or -EINVAL. */
int expression_parse(struct expression *e, char *text, struct failure *f);

enum operand_kind { OPERAND_FIELD, OPERAND_TEXT, OPERAND_PID, OPERAND_TID };

struct operand {
	enum operand_kind kind;
	const struct event_field *field;
};

/* An expression with its fields found in one event type. */
struct bound_expression {
	const struct event_field *only; /* the whole expression is this field */
	unsigned nr_terms;		/* 0: absent */
	struct {
		uint64_t constant;
		unsigned nr_operands;
		struct operand operands[EXPRESSION_FACTORS];
	} terms[EXPRESSION_TERMS];
};

/*
 * Finds a field of @type by the name that a model uses: the name itself; else, with
 * @arguments (the model's argument names in order, may be NULL), its position as
 * "argN"; else "argN" as the Nth argument of the record. NULL if there is none.
 */
const struct event_field *find_argument(const struct event_type *type, const char *name,
					char *const *arguments, size_t nr_arguments);

/* Returns 0, or -ENOENT with @missing set to the name that the type does not have, or
 * that is a string though @text says that strings make no sense here. */
int expression_bind(struct bound_expression *bound, const struct expression *e,
		    const struct event_type *type, char *const *arguments,
		    size_t nr_arguments, bool text, const char **missing);

/* The string field that the whole expression is, or NULL. */
const struct event_field *expression_text(const struct bound_expression *bound);

uint64_t expression_sum(const struct bound_expression *bound, const struct event *event);

static inline bool expression_present(const struct bound_expression *bound)
{
	return bound->nr_terms != 0;
}

/* The value for @event; 0 for an absent expression. */
static inline uint64_t expression_value(const struct bound_expression *bound,
					const struct event *event)
{
	if (__builtin_expect(bound->only != NULL, 1))
		return (uint64_t)event_integer(event, bound->only);
	return expression_sum(bound, event);
}

#endif
