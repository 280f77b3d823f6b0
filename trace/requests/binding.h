/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A model bound to the events of one trace: per event type, which lines of the model
 * it is, and in which fields of its record their values are.
 */
#ifndef FATHOM_TRACE_REQUESTS_BINDING_H
#define FATHOM_TRACE_REQUESTS_BINDING_H

#include "core/options.h"
#include "trace/requests/model.h"

enum { GROUP_KEYS_MAX = 4 }; /* by so many arguments requests are grouped at once */

struct bound_line {
	const struct model_line *line;
	enum model_role role;
	const struct event_type *type;
	struct bound_expression values[MODEL_VALUES];
	const struct event_field *op_text; /* op is this string, or NULL */
	uint16_t op_of[16];		   /* op of the small values, for requests.c */
	bool tells; /* a complete that tells more than how it went, for requests.c */
	const struct event_field *by[GROUP_KEYS_MAX]; /* for grouping.h */
	const struct event_field **compared; /* arguments, for where.c; NULL: none */
};

struct bound_type {
	struct bound_line *lines; /* usually one */
	size_t nr_lines;
};

struct binding {
	const struct model *model;
	struct bound_type *types; /* by the type's index */
	size_t nr_types;
};

/*
 * Binds @type to every line of the model whose role is in @roles (bits 1 << role). A
 * line that names the probe itself comes before one that needs "_1" taken off.
 * Returns 1 if there was one, 0 if none, -EINVAL when the record lacks the key or a
 * name that the model does not know to be optional, -ENOMEM.
 */
int binding_add(struct binding *b, const struct event_type *type, unsigned roles,
		struct failure *f);
void binding_release(struct binding *b); /* not the model */

/* Where binding_next() is; zeroed at the start. */
struct binding_cursor {
	size_t type, line;
};

/* The next line that is of @role; NULL at the end. */
struct bound_line *binding_next(const struct binding *b, enum model_role role,
				struct binding_cursor *at);

/* How a command line says which model; what the options --model, --submit,
 * --complete and --key fill. */
struct model_options {
	const char *which;
	struct string_list submits, completes;
	const char *key;
};

#define MODEL_OPTION_ROWS(type, member)                                                    \
	{"model",                                                                          \
	 'm',                                                                              \
	 OPTION_STRING,                                                                    \
	 offsetof(type, member.which),                                                     \
	 "FILE|NAME",                                                                      \
	 "request model (default: the one that fits the trace)",                           \
	 0,                                                                                \
	 0},                                                                               \
		{"submit",    0,                                                           \
		 OPTION_LIST, offsetof(type, member.submits),                              \
		 "SPEC",      "PROVIDER:PROBE where a request begins, instead of a model", \
		 0,	      0},                                                          \
		{"complete",  0,                                                           \
		 OPTION_LIST, offsetof(type, member.completes),                            \
		 "SPEC",      "PROVIDER:PROBE where it ends",                              \
		 0,	      0},                                                          \
	{                                                                                  \
		"key", 0, OPTION_STRING, offsetof(type, member.key), "ARG",                \
			"the argument that both have in common", 0, 0                      \
	}

/* Fails with the sentence for the usage error when the options contradict. */
int model_options_check(const struct model_options *options, struct failure *f);

void model_options_release(struct model_options *options);

/* How a model was come by. */
struct model_choice {
	struct model *model; /* owned */
	bool guessed;	     /* by the trace's events */
	unsigned others;     /* … which so many more models fit as well */
};

/*
 * The model that the options name, or, when they name several or none, the one that
 * fits @trace. -ENOENT with a sentence that lists what the trace has.
 */
int model_choose(struct model_choice *choice, const struct model_options *options,
		 const struct trace *trace, bool poll, struct failure *f);

enum { WANT_TEXT = 220 };

/* "model fathom wants fathom:submit, fathom:complete; the trace has …" for a trace
 * in which nothing was found. Lists the lines whose role is in @roles; @room is
 * WANT_TEXT. */
void describe_want(char *text, size_t room, const struct model *model, unsigned roles,
		   const struct trace *trace);

#endif
