/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One line of a request model, and the words of its form. */
#ifndef FATHOM_TRACE_REQUESTS_MODEL_LINE_H
#define FATHOM_TRACE_REQUESTS_MODEL_LINE_H

#include "trace/requests/model.h"

const char *model_role_word(enum model_role role);    /* "submit", "poll begin" */
const char *model_role_key(enum model_role role);     /* in the file: "submit", "begin" */
const char *model_role_section(enum model_role role); /* "request" or "poll" */
const char *model_value_word(enum model_value value); /* "key" */

/* Appends one line (a copy) in the form of the files. */
int model_add_line(struct model *model, enum model_role role, const char *text,
		   struct failure *f);

void model_line_release(struct model_line *line); /* not the struct itself */

#endif
