// SPDX-License-Identifier: GPL-2.0-or-later
/* Request models: made of options, asked, freed. model_file.c reads them. */
#include "trace/requests/model_line.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/failure.h"

static int add_spec(struct model *model, enum model_role role, const char *spec,
		    const char *key, struct failure *f)
{
	bool has_key = strstr(spec, " key=") != NULL;
	char *text;
	int err;

	if (asprintf(&text, "%s%s%s", spec, key && !has_key ? " key=" : "",
		     key && !has_key ? key : "") < 0)
		return fail(f, -ENOMEM, "no memory");
	err = model_add_line(model, role, NULL, text, f);
	free(text);
	return err ? fail_in(f, err, "--%s", model_role_word(role)) : 0;
}

int model_from_specs(struct model **model, const char *const *submits, size_t nr_submits,
		     const char *const *completes, size_t nr_completes, const char *key,
		     struct failure *f)
{
	struct model *made = calloc(1, sizeof(*made));
	int err = 0;

	if (!made)
		return fail(f, -ENOMEM, "no memory");
	made->name = strdup("command-line");
	for (size_t i = 0; !err && i < nr_submits; i++)
		err = add_spec(made, ROLE_SUBMIT, submits[i], key, f);
	for (size_t i = 0; !err && i < nr_completes; i++)
		err = add_spec(made, ROLE_COMPLETE, completes[i], key, f);
	if (err)
		model_free(made);
	else
		*model = made;
	return err;
}

bool model_has_role(const struct model *model, enum model_role role)
{
	for (size_t i = 0; i < model->nr_lines; i++)
		if (model->lines[i].role == role)
			return true;
	return false;
}

static bool says(const struct model_line *line, enum model_value value)
{
	return line->values[value].nr_terms || (value == VALUE_OP && line->op_word);
}

bool model_says(const struct model *model, enum model_value value, unsigned roles)
{
	for (size_t i = 0; i < model->nr_lines; i++)
		if (1U << model->lines[i].role & roles && says(&model->lines[i], value))
			return true;
	return false;
}

bool model_has_keys(const struct model *model)
{
	for (size_t i = 0; i < model->nr_lines; i++)
		if (model->lines[i].role == ROLE_COMPLETE)
			return model->lines[i].values[VALUE_KEY].nr_terms != 0;
	return false;
}

void model_free(struct model *model)
{
	if (!model)
		return;
	for (size_t i = 0; i < model->nr_lines; i++)
		model_line_release(&model->lines[i]);
	for (size_t i = 0; i < model->nr_stages; i++)
		free(model->stages[i]);
	free(model->lines);
	free(model->stages);
	free(model->about);
	free(model->name);
	free(model);
}
