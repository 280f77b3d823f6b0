/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One line of a request model, and the words of its form. */
#ifndef FATHOM_TRACE_REQUESTS_MODEL_LINE_H
#define FATHOM_TRACE_REQUESTS_MODEL_LINE_H

#include "trace/requests/model.h"

const char *model_role_word(enum model_role role);    /* "submit", "poll begin" */
const char *model_role_key(enum model_role role);     /* in the file: "submit", "begin" */
bool model_role_is_poll(enum model_role role);	      /* its lines stand in [poll] */
const char *model_value_word(enum model_value value); /* "key" */
const char *model_scope_word(enum model_scope scope); /* "process" */

/* Appends one line (a copy) in the form of the files; @stage is the name behind "stage"
 * and "leave", else NULL. The model's scope is set by then. */
int model_add_line(struct model *model, enum model_role role, const char *stage,
		   const char *text, struct failure *f);

/* Is @name one of letters, digits, '_', '-' and '.', and not too long? @what it is the
 * name of, for the message. 0, -EINVAL or -E2BIG. */
int model_check_name(const char *name, const char *what, struct failure *f);

void model_line_release(struct model_line *line); /* not the struct itself */

#endif
