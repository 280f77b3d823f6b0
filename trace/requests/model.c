// SPDX-License-Identifier: GPL-2.0-or-later
/* Request models: their files, read and checked. */
#include "trace/requests/model_line.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/failure.h"
#include "core/ini.h"

static const char *const scope_words[MODEL_SCOPES] = {
	[SCOPE_PROCESS] = "process",
	[SCOPE_THREAD] = "thread",
	[SCOPE_SYSTEM] = "system",
};

/* "[request NAME]" or "[poll]" */
static int begin_section(struct model *model, const char *section, struct failure *f)
{
	if (!strcmp(section, "poll"))
		return 0;
	if (strncmp(section, "request ", 8) != 0 ||
	    !section[8 + strspn(section + 8, " ")])
		return fail(f, -EINVAL, "expected [request NAME] or [poll], not [%.40s]",
			    section);
	if (model->name)
		return fail(f, -EINVAL, "a second [request]: one file, one model");
	section += 8;
	model->name = strdup(section + strspn(section, " "));
	return model->name ? 0 : fail(f, -ENOMEM, "no memory");
}

static int take_scope(struct model *model, const char *value, struct failure *f)
{
	for (unsigned scope = 0; scope < MODEL_SCOPES; scope++)
		if (!strcmp(value, scope_words[scope])) {
			model->scope = (enum model_scope)scope;
			return 0;
		}
	return fail(f, -EINVAL, "scope is process, thread or system, not '%.40s'", value);
}

/* Do lines of @role belong into the entry's section, "request NAME" or "poll"? */
static bool is_in_section(const struct ini_entry *entry, enum model_role role)
{
	const char *section = model_role_section(role);
	size_t length = strcspn(entry->section, " ");

	return length == strlen(section) && !strncmp(entry->section, section, length);
}

/* A key that the section does not have; says which one was meant, perhaps. */
static int unknown_key(const struct ini_entry *entry, struct failure *f)
{
	const char *words[MODEL_ROLES + 2] = {"scope"}, *near;
	size_t nr = 1;

	for (unsigned r = 0; r < MODEL_ROLES; r++)
		if (is_in_section(entry, (enum model_role)r))
			words[nr++] = model_role_key((enum model_role)r);
	near = nearest_word(entry->key, words);
	return fail(f, -EINVAL, "unknown key '%.40s'%s%s%s", entry->key,
		    near ? ", did you mean '" : "", near ? near : "", near ? "'?" : "");
}

static int take_entry(void *user, const struct ini_entry *entry, struct failure *f)
{
	struct model *model = user;

	if (!entry->key)
		return begin_section(model, entry->section, f);
	if (!*entry->section)
		return fail(f, -EINVAL, "expected [request NAME] first");
	if (!entry->value)
		return fail(f, -EINVAL, "'%.40s' has no value", entry->key);
	if (!strcmp(entry->key, "scope") && is_in_section(entry, ROLE_SUBMIT))
		return take_scope(model, entry->value, f);
	for (unsigned r = 0; r < MODEL_ROLES; r++)
		if (!strcmp(entry->key, model_role_key((enum model_role)r)) &&
		    is_in_section(entry, (enum model_role)r))
			return model_add_line(model, (enum model_role)r, entry->value, f);
	return unknown_key(entry, f);
}

/* What holds for the model as a whole. */
static int check(const struct model *model, const char *name, struct failure *f)
{
	bool submits = model_has_role(model, ROLE_SUBMIT);
	bool completes = model_has_role(model, ROLE_COMPLETE);

	if (!model->name)
		return fail(f, -EINVAL, "%s: no [request NAME]", name);
	if (submits != completes)
		return fail(f, -EINVAL, "%s: %s without %s", name,
			    submits ? "submit" : "complete",
			    submits ? "complete" : "submit");
	if (!model->nr_lines)
		return fail(f, -EINVAL, "%s: the model names no probe", name);
	return 0;
}

/* The checks that all ways to a model end with; frees what failed. */
static int finish(struct model **model, struct model *made, const char *name, int err,
		  struct failure *f)
{
	if (!err)
		err = check(made, name, f);
	if (err)
		model_free(made);
	else
		*model = made;
	return err;
}

int model_read(struct model **model, const char *path, struct failure *f)
{
	struct model *made = calloc(1, sizeof(*made));

	if (!made)
		return fail(f, -ENOMEM, "no memory");
	return finish(model, made, path, ini_read(path, take_entry, made, f), f);
}

int model_read_text(struct model **model, const char *name, const char *text,
		    struct failure *f)
{
	struct model *made = calloc(1, sizeof(*made));

	if (!made)
		return fail(f, -ENOMEM, "no memory");
	return finish(model, made, name, ini_read_text(name, text, take_entry, made, f),
		      f);
}

static int add_spec(struct model *model, enum model_role role, const char *spec,
		    const char *key, struct failure *f)
{
	bool has_key = strstr(spec, " key=") != NULL;
	char *text;
	int err;

	if (asprintf(&text, "%s%s%s", spec, key && !has_key ? " key=" : "",
		     key && !has_key ? key : "") < 0)
		return fail(f, -ENOMEM, "no memory");
	err = model_add_line(model, role, text, f);
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
	return finish(model, made, "command line", err, f);
}

bool model_has_role(const struct model *model, enum model_role role)
{
	for (size_t i = 0; i < model->nr_lines; i++)
		if (model->lines[i].role == role)
			return true;
	return false;
}

void model_free(struct model *model)
{
	if (!model)
		return;
	for (size_t i = 0; i < model->nr_lines; i++)
		model_line_release(&model->lines[i]);
	free(model->lines);
	free(model->name);
	free(model);
}
