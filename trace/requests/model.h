/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Request models: which probes make a request, and where its key, size and so on are.
 * The form of the files is fathom-model(5); requests/models/ has those we ship.
 */
#ifndef FATHOM_TRACE_REQUESTS_MODEL_H
#define FATHOM_TRACE_REQUESTS_MODEL_H

#include <stdbool.h>
#include <stddef.h>

#include "trace/requests/expression.h"

struct failure;

/* What a probe means to the model: one line of the file. */
enum model_role {
	ROLE_SUBMIT,
	ROLE_DISPATCH,
	ROLE_COMPLETE,
	ROLE_POLL_BEGIN,
	ROLE_POLL_END,
	ROLE_POLL_GROW,
	ROLE_POLL_SHRINK,
	ROLE_WAIT_BEGIN,
	ROLE_WAIT_END,
	MODEL_ROLES,
};

/* What a line may say of its arguments. */
enum model_value {
	VALUE_KEY,
	VALUE_OP,
	VALUE_OFFSET,
	VALUE_LENGTH,
	VALUE_FD,
	VALUE_STATUS, /* not 0: the request failed */
	VALUE_RESULT, /* negative: the request failed */
	VALUE_COUNT,
	VALUE_LOOP,
	VALUE_BUDGET,
	VALUE_PROGRESS,
	VALUE_ELAPSED,
	VALUE_OLD,
	VALUE_NEW,
	VALUE_EVENTS,
	MODEL_VALUES,
};

enum model_scope { SCOPE_PROCESS, SCOPE_THREAD, SCOPE_SYSTEM, MODEL_SCOPES };

struct model_line {
	enum model_role role;
	char *text;			/* what the pointers below point into */
	const char *provider, *probe;	/* may be globs */
	char *arguments[ARGUMENTS_MAX]; /* names in order, for traces with arg1… */
	size_t nr_arguments;
	struct expression values[MODEL_VALUES];
	const char *op_word;		/* op="read": the same for every event */
	struct argument_word *op_words; /* op=op{0:read,1:write} */
	size_t nr_op_words;
};

struct model {
	char *name;
	enum model_scope scope; /* within which a key is unique */
	struct model_line *lines;
	size_t nr_lines;
};

enum { MODEL_LINES_MAX = 64, MODEL_OP_WORDS_MAX = 64 };

/* Reads the file @path. Returns 0, or a negative errno with "file:line: reason". */
int model_read(struct model **model, const char *path, struct failure *f);

/* The same from text; @name stands for the file in messages. */
int model_read_text(struct model **model, const char *name, const char *text,
		    struct failure *f);

/* A model made of options: specs as behind "submit =", each with key=@key added
 * unless it says its own. @key may be NULL. */
int model_from_specs(struct model **model, const char *const *submits, size_t nr_submits,
		     const char *const *completes, size_t nr_completes, const char *key,
		     struct failure *f);

void model_free(struct model *model); /* NULL is fine */

bool model_has_role(const struct model *model, enum model_role role);
#endif
