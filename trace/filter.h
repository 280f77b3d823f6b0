/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A filter: a condition about named values, of a hit's arguments or of a request.
 *
 *   isHit==0 && blockNum>100        ( ) ! && ||   == != < <= > >=   & (has any bit)
 *   op==write || path=="/dev/sda"   numbers, words, text in quotes
 *   latency>2ms                     a unit where the value is a time or a size
 *
 * A name alone means that it is not 0. Whoever parses one says what there is to name, and
 * tests the comparisons in its own way: in the kernel, on a recorded event, on a request.
 */
#ifndef FATHOM_TRACE_FILTER_H
#define FATHOM_TRACE_FILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct argument;
struct event;
struct event_field;
struct failure;

enum filter_kind {
	FILTER_OR,     /* left || right */
	FILTER_AND,    /* left && right */
	FILTER_NOT,    /* !left */
	FILTER_NUMBER, /* value COMPARE number */
	FILTER_TEXT,   /* value COMPARE text: equal or not */
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
	uint8_t argument;    /* number of the named value */
	int64_t number;	     /* as 64 bits, extended by the value's sign */
	char *text;
};

struct filter {
	struct filter_node nodes[FILTER_NODES_MAX];
	uint8_t count, root;
};

enum filter_unit {
	FILTER_PLAIN,
	FILTER_TIME, /* in ns; "2ms" */
	FILTER_SIZE, /* in bytes; "64k" */
};

/* What a name means. */
struct filter_term {
	const struct argument *type; /* outlives the parsing */
	enum filter_unit unit;	     /* of an integer */
	bool any_word; /* a text that is a word needs no quotes: it is no user's string */
};

struct filter_vocabulary {
	const char *what; /* "the name of an argument" */
	/* Fills in @term and returns the value's number, at most 255; -ENOENT, with the
	 * nearest name in @f, or another negative errno. */
	int (*find)(void *user, const char *name, size_t size, struct filter_term *term,
		    struct failure *f);
	void *user;
};

/*
 * Parses @text. Free with filter_free(). 0, or a negative errno with the column and what
 * was expected there in @f.
 */
int filter_parse(struct filter **filter, const char *text,
		 const struct filter_vocabulary *vocabulary, struct failure *f);
void filter_free(struct filter *filter); /* NULL is fine */

/* "==", "!=", … */
const char *filter_compare_text(enum filter_compare compare);

static inline bool filter_is_comparison(const struct filter_node *node)
{
	return node->kind >= FILTER_NUMBER;
}

/* Does the comparison @node hold for this value? @text is not terminated; NULL, of what
 * could not be read, differs from all. */
bool filter_number_holds(const struct filter_node *node, int64_t value, bool is_signed);
bool filter_text_holds(const struct filter_node *node, const char *text, size_t length);

/* Does it hold for this field of an event? One of another kind than was parsed does not. */
bool filter_field_holds(const struct filter_node *node, const struct event *event,
			const struct event_field *field);

/* Does the filter pass? @holds has a bit for each comparison, by the index of its node. */
bool filter_passes(const struct filter *filter, uint64_t holds);

#endif
