/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Models for tests, which end if there is none. */
#ifndef FATHOM_TESTS_ANALYZERS_MODEL_READ_H
#define FATHOM_TESTS_ANALYZERS_MODEL_READ_H

#include "unit.h"

#include "core/failure.h"
#include "trace/requests/model_find.h"

/* The first model of a text, or of what a name means. */
static inline struct model *first_model(struct model_file *file)
{
	struct model *model = model_file_take(file, 0);

	model_file_free(file);
	return model;
}

static inline struct model *read_first(const char *text)
{
	struct model_file *file;
	struct failure f = {""};

	if (model_file_read_text(&file, "text", text, &f))
		fail_msg("%s", f.text);
	return first_model(file);
}

static inline struct model *find_first(const char *which)
{
	struct model_file *file;
	struct failure f = {""};

	if (model_find(&file, which, &f))
		fail_msg("%s", f.text);
	return first_model(file);
}

#endif
