/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Request models: which probes make a request, and where its key, size and so on are.
 * A file has the models of one program, each a section [request NAME], and may tell of
 * its polling. The form is fathom-model(5); analyzers/models/ has those we ship.
 */
#ifndef FATHOM_TRACE_REQUESTS_MODEL_H
#define FATHOM_TRACE_REQUESTS_MODEL_H

#include <stdbool.h>
#include <stddef.h>

#include "trace/requests/expression.h"

struct failure;

/* What a probe means to the model: one line of the file. Those that make a request come
 * first, so that the pairing tells them from all others by one comparison. */
enum model_role {
	ROLE_SUBMIT,
	ROLE_COMPLETE,
	ROLE_STAGE, /* from here on the request is in a stage */
	ROLE_LEAVE, /* … it is back in the stage before */
	ROLE_NEEDS, /* no event of a request; the others only fire while it is recorded */
	ROLE_POLL_BEGIN,
	ROLE_POLL_END,
	ROLE_POLL_GROW,
	ROLE_POLL_SHRINK,
	ROLE_WAIT_BEGIN,
	ROLE_WAIT_END,
	ROLE_LOOP_BEGIN, /* a loop tells what it is asked for */
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
	VALUE_COUNT,  /* of a stage: so many requests from key on */
	VALUE_ALIAS,  /* from here on the request has this key, too */
	VALUE_LOOP,
	VALUE_BUDGET,
	VALUE_PROGRESS,
	VALUE_ELAPSED,
	VALUE_OLD,
	VALUE_NEW,
	VALUE_EVENTS,
	VALUE_DEPTH, /* that a loop is asked to keep */
	MODEL_VALUES,
};

/* Within what a key is unique. On a stack, requests of a thread nest: the one begun
 * last ends first. */
enum model_scope {
	SCOPE_PROCESS,
	SCOPE_THREAD,
	SCOPE_SYSTEM,
	SCOPE_STACK,
	MODEL_SCOPES,
};

struct model_line {
	enum model_role role;
	unsigned stage;			/* ROLE_STAGE and ROLE_LEAVE: model.stages[] */
	char *written;			/* as it stands in the file, behind the '=' */
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
	char *name;  /* "fathom", or "FILE/SECTION" where the file has several */
	char *about; /* what a request is: "queries of a back end"; NULL if not said */
	enum model_scope scope;
	bool unique_keys; /* no key is ever used again */
	char **stages;	  /* their names, in the order of the file */
	size_t nr_stages;
	struct model_line *lines; /* in the order of the file, those of [poll] last */
	size_t nr_lines;
};

/* The models of one file. */
struct model_file {
	char *path;   /* or the name of a shipped one, for messages */
	bool shipped; /* it came with fathom */
	struct model **models;
	size_t nr_models;
};

enum {
	MODELS_MAX = 32, /* in a file */
	MODEL_LINES_MAX = 64,
	MODEL_STAGES_MAX = 16,
	MODEL_OP_WORDS_MAX = 64,
	MODEL_NAME_MAX = 40, /* bytes of the name of a model or a stage */
	MODEL_ABOUT_MAX = 80,
};

/* Reads the file @path. Returns 0, or a negative errno with "file:line: reason". */
int model_file_read(struct model_file **file, const char *path, struct failure *f);

/* The same from text; @name stands for the file in messages. */
int model_file_read_text(struct model_file **file, const char *name, const char *text,
			 struct failure *f);

/* Takes the model with this index out of @file. */
struct model *model_file_take(struct model_file *file, size_t index);

void model_file_free(struct model_file *file); /* NULL is fine */

/* A model made of options: specs as behind "submit =", each with key=@key added
 * unless it says its own. @key may be NULL. */
int model_from_specs(struct model **model, const char *const *submits, size_t nr_submits,
		     const char *const *completes, size_t nr_completes, const char *key,
		     struct failure *f);

void model_free(struct model *model); /* NULL is fine */

bool model_has_role(const struct model *model, enum model_role role);

/* Does a line of one of these roles, bits 1 << role, tell the value? */
bool model_says(const struct model *model, enum model_value value, unsigned roles);

/* Do the completes name keys? On a stack they need not. */
bool model_has_keys(const struct model *model);
#endif
