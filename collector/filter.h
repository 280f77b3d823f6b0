/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A filter of hits: a condition about an event's arguments, tested in the kernel (or, for
 * a trigger of the flight recorder, on what was recorded).
 *
 *   isHit==0 && blockNum>100        ( ) ! && ||   == != < <= > >=   & (has any bit)
 *   op==write || path=="/dev/sda"   numbers, words of the argument, text in quotes
 *
 * An argument alone means that it is not 0.
 */
#ifndef FATHOM_COLLECTOR_FILTER_H
#define FATHOM_COLLECTOR_FILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct event;
struct event_field;
struct failure;
struct plan_event;

enum filter_kind {
	FILTER_OR,     /* left || right */
	FILTER_AND,    /* left && right */
	FILTER_NOT,    /* !left */
	FILTER_NUMBER, /* argument COMPARE number */
	FILTER_TEXT,   /* argument COMPARE text: equal or not */
};

enum filter_compare {
	COMPARE_EQUAL,
	COMPARE_DIFFERENT,
	COMPARE_LESS,
	COMPARE_LESS_EQUAL,
	COMPARE_MORE,
	COMPARE_MORE_EQUAL,
	COMPARE_BITS, /* has any of the number's bits */
	COMPARISONS,
};

enum { FILTER_NODES_MAX = 64, FILTER_DEPTH_MAX = 16, FILTER_TEXT_MAX = 128 };

struct filter_node {
	enum filter_kind kind;
	enum filter_compare compare;
	uint8_t left, right; /* indices of nodes */
	uint8_t argument;    /* index of the event's arguments */
	int64_t number;	     /* as 64 bits, extended by the argument's sign */
	char *text;
};

struct filter {
	struct filter_node nodes[FILTER_NODES_MAX];
	uint8_t count, root;
};

/*
 * Parses @text for @event, whose arguments must have their final types and places.
 * Free with filter_free(). 0, or a negative errno with the column and what was expected
 * there in @f.
 */
int filter_parse(struct filter **filter, const char *text, const struct plan_event *event,
		 struct failure *f);
void filter_free(struct filter *filter); /* NULL is fine */

/* "==", "!=", … */
const char *filter_compare_text(enum filter_compare compare);

/* Does a recorded event pass? @fields: those of the arguments, in their order; what is
 * NULL passes no comparison. */
bool filter_passes(const struct filter *filter, const struct event *event,
		   const struct event_field *const *fields);

/* Writes the filter as the kernel's event filters have it, with arguments called arg1,
 * arg2, … by their place in the event. 0, or -E2BIG. */
int filter_kernel_text(char *out, size_t room, const struct filter *filter,
		       const struct plan_event *event);

#endif
