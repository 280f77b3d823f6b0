// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Files of request models, read and checked.
 *
 * The lines of [poll] hold for every model of the file: a program has one way to poll,
 * however many kinds of requests it has. So [poll] comes last, and each of its lines is
 * given to each model; the rest of the analyzers never see more than one struct model.
 */
#include "trace/requests/model_line.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/failure.h"
#include "core/ini.h"

static const char *const scope_words[MODEL_SCOPES + 1] = {
	[SCOPE_PROCESS] = "process",
	[SCOPE_THREAD] = "thread",
	[SCOPE_SYSTEM] = "system",
	[SCOPE_STACK] = "stack",
};

const char *model_scope_word(enum model_scope scope)
{
	return scope_words[scope];
}

/* A file while it is read. */
struct reading {
	struct model_file *file;
	bool in_poll; /* the section at hand is [poll] */
};

static struct model *last_model(const struct reading *r)
{
	return r->file->models[r->file->nr_models - 1];
}

/* On a stack, keys stand in all submits and completes or in none. */
static int check_keys(const struct model *model, struct failure *f)
{
	bool keys = model_has_keys(model);

	for (size_t i = 0; i < model->nr_lines; i++) {
		const struct model_line *line = &model->lines[i];

		if (line->role != ROLE_SUBMIT && line->role != ROLE_COMPLETE)
			continue;
		if ((line->values[VALUE_KEY].nr_terms != 0) != keys)
			return fail(f, -EINVAL,
				    "[request %s]: some submits and completes have a "
				    "key, and some have none",
				    model->name);
	}
	return 0;
}

/* What holds for a model as a whole, when its section has ended. */
static int check_model(const struct model *model, struct failure *f)
{
	bool submits = model_has_role(model, ROLE_SUBMIT);
	bool completes = model_has_role(model, ROLE_COMPLETE);

	if (submits != completes)
		return fail(f, -EINVAL, "[request %s]: %s without %s", model->name,
			    submits ? "submit" : "complete",
			    submits ? "complete" : "submit");
	if (!submits && model->nr_stages)
		return fail(f, -EINVAL,
			    "[request %s]: stages without submit and complete",
			    model->name);
	return check_keys(model, f);
}

static int check_last(const struct reading *r, struct failure *f)
{
	return r->file->nr_models ? check_model(last_model(r), f) : 0;
}

static bool has_model(const struct model_file *file, const char *name)
{
	for (size_t i = 0; i < file->nr_models; i++)
		if (!strcmp(file->models[i]->name, name))
			return true;
	return false;
}

/* "[request NAME]" */
static int begin_request(struct reading *r, const char *name, struct failure *f)
{
	struct model_file *file = r->file;
	struct model **models, *model;
	int err = check_last(r, f);

	if (err)
		return err;
	if (r->in_poll)
		return fail(f, -EINVAL, "[poll] comes behind every [request NAME]");
	err = model_check_name(name, "request", f);
	if (err)
		return err;
	if (has_model(file, name))
		return fail(f, -EEXIST, "a second [request %s]", name);
	if (file->nr_models == MODELS_MAX)
		return fail(f, -E2BIG, "more than %d requests", MODELS_MAX);
	models = realloc(file->models, (file->nr_models + 1) * sizeof(struct model *));
	if (!models)
		return fail(f, -ENOMEM, "no memory");
	file->models = models;
	model = calloc(1, sizeof(*model));
	if (!model)
		return fail(f, -ENOMEM, "no memory");
	models[file->nr_models++] = model;
	model->name = strdup(name);
	return model->name ? 0 : fail(f, -ENOMEM, "no memory");
}

static int begin_section(struct reading *r, const char *section, struct failure *f)
{
	if (!strcmp(section, "poll")) {
		if (!r->file->nr_models)
			return fail(f, -EINVAL, "expected [request NAME] first");
		r->in_poll = true;
		return 0;
	}
	if (strncmp(section, "request ", 8) != 0 ||
	    !section[8 + strspn(section + 8, " ")])
		return fail(f, -EINVAL, "expected [request NAME] or [poll], not [%.40s]",
			    section);
	section += 8;
	return begin_request(r, section + strspn(section, " "), f);
}

static int take_scope(struct model *model, const char *value, struct failure *f)
{
	if (model->nr_lines)
		return fail(f, -EINVAL, "scope comes before the probes");
	for (unsigned scope = 0; scope < MODEL_SCOPES; scope++)
		if (!strcmp(value, scope_words[scope])) {
			model->scope = (enum model_scope)scope;
			return 0;
		}
	return fail(f, -EINVAL, "scope is process, thread, system or stack, not '%.40s'",
		    value);
}

static int take_keys(struct model *model, const char *value, struct failure *f)
{
	if (strcmp(value, "unique") != 0 && strcmp(value, "reused") != 0)
		return fail(f, -EINVAL, "keys is unique or reused, not '%.40s'", value);
	model->unique_keys = !strcmp(value, "unique");
	return 0;
}

static int take_about(struct model *model, const char *value, struct failure *f)
{
	if (model->about)
		return fail(f, -EINVAL, "'about' is given twice");
	if (strlen(value) > MODEL_ABOUT_MAX)
		return fail(f, -E2BIG, "about is longer than %d bytes", MODEL_ABOUT_MAX);
	model->about = strdup(value);
	return model->about ? 0 : fail(f, -ENOMEM, "no memory");
}

/* A key that the section does not have; says which one was meant, perhaps. */
static int unknown_key(const struct reading *r, const char *key, struct failure *f)
{
	const char *words[MODEL_ROLES + 4] = {0}, *near;
	size_t nr = 0;

	if (!r->in_poll) {
		words[nr++] = "scope";
		words[nr++] = "keys";
		words[nr++] = "about";
	}
	for (unsigned role = 0; role < MODEL_ROLES; role++)
		if (model_role_is_poll((enum model_role)role) == r->in_poll)
			words[nr++] = model_role_key((enum model_role)role);
	if (!strcmp(key, "stage") || !strcmp(key, "leave"))
		return fail(f, -EINVAL, "expected '%s NAME ='", key);
	near = nearest_word(key, words);
	return fail(f, -EINVAL, "unknown key '%.40s'%s%s%s", key,
		    near ? ", did you mean '" : "", near ? near : "", near ? "'?" : "");
}

/* Is @key the one of @role, with the name of a stage behind it where one belongs? */
static bool key_has_role(const char *key, enum model_role role, const char **stage)
{
	const char *word = model_role_key(role);
	size_t length = strlen(word);

	*stage = NULL;
	if (role != ROLE_STAGE && role != ROLE_LEAVE)
		return !strcmp(key, word);
	if (strncmp(key, word, length) != 0 || !isspace((unsigned char)key[length]))
		return false;
	*stage = key + length + strspn(key + length, " \t");
	return **stage != 0;
}

static int take_line(const struct reading *r, const struct ini_entry *entry,
		     enum model_role role, const char *stage, struct failure *f)
{
	size_t first = r->in_poll ? 0 : r->file->nr_models - 1;
	int err = 0;

	for (size_t i = first; !err && i < r->file->nr_models; i++)
		err = model_add_line(r->file->models[i], role, stage, entry->value, f);
	return err;
}

static int take_entry(void *user, const struct ini_entry *entry, struct failure *f)
{
	const struct reading *r = user;

	if (!entry->key)
		return begin_section(user, entry->section, f);
	if (!r->file->nr_models)
		return fail(f, -EINVAL, "expected [request NAME] first");
	if (!entry->value)
		return fail(f, -EINVAL, "'%.40s' has no value", entry->key);
	if (!r->in_poll && !strcmp(entry->key, "scope"))
		return take_scope(last_model(r), entry->value, f);
	if (!r->in_poll && !strcmp(entry->key, "keys"))
		return take_keys(last_model(r), entry->value, f);
	if (!r->in_poll && !strcmp(entry->key, "about"))
		return take_about(last_model(r), entry->value, f);
	for (unsigned role = 0; role < MODEL_ROLES; role++) {
		const char *stage;

		if (model_role_is_poll((enum model_role)role) == r->in_poll &&
		    key_has_role(entry->key, (enum model_role)role, &stage))
			return take_line(r, entry, (enum model_role)role, stage, f);
	}
	return unknown_key(r, entry->key, f);
}

/* "/usr/share/disk.model" is "disk" */
static void base_name(char *base, size_t room, const char *path)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	size_t length = strlen(name);

	if (length > 6 && !strcmp(name + length - 6, ".model"))
		length -= 6;
	snprintf(base, room, "%.*s", (int)length, name);
}

/* Models of a file that has several are called FILE/NAME. */
static int qualify_names(struct model_file *file, struct failure *f)
{
	char base[MODEL_NAME_MAX + 1], *longer;

	if (file->nr_models < 2 || !strcmp(file->path, "-"))
		return 0;
	base_name(base, sizeof(base), file->path);
	for (size_t i = 0; i < file->nr_models; i++) {
		struct model *model = file->models[i];

		if (asprintf(&longer, "%s/%s", base, model->name) < 0)
			return fail(f, -ENOMEM, "no memory");
		free(model->name);
		model->name = longer;
	}
	return 0;
}

/* What holds for the file as a whole. */
static int check_file(const struct reading *r, struct failure *f)
{
	const struct model_file *file = r->file;

	if (!file->nr_models)
		return fail(f, -EINVAL, "%s: no [request NAME]", file->path);
	for (size_t i = 0; i < file->nr_models; i++)
		if (!file->models[i]->nr_lines)
			return fail(f, -EINVAL, "%s: [request %s] names no probe",
				    file->path, file->models[i]->name);
	return check_last(r, f) ? fail_in(f, -EINVAL, "%s", file->path) : 0;
}

static int new_file(struct model_file **file, const char *path, struct failure *f)
{
	*file = calloc(1, sizeof(**file));
	if (*file)
		(*file)->path = strdup(path);
	if (*file && (*file)->path)
		return 0;
	free(*file);
	return fail(f, -ENOMEM, "no memory");
}

/* The checks that both ways to a file end with; frees what failed. */
static int finish(struct model_file **file, const struct reading *r, int err,
		  struct failure *f)
{
	if (!err)
		err = check_file(r, f);
	if (!err)
		err = qualify_names(r->file, f);
	if (err)
		model_file_free(r->file);
	else
		*file = r->file;
	return err;
}

int model_file_read(struct model_file **file, const char *path, struct failure *f)
{
	struct reading r = {0};
	int err = new_file(&r.file, path, f);

	return err ? err : finish(file, &r, ini_read(path, take_entry, &r, f), f);
}

int model_file_read_text(struct model_file **file, const char *name, const char *text,
			 struct failure *f)
{
	struct reading r = {0};
	int err = new_file(&r.file, name, f);

	return err ? err
		   : finish(file, &r, ini_read_text(name, text, take_entry, &r, f), f);
}

struct model *model_file_take(struct model_file *file, size_t index)
{
	struct model *model = file->models[index];

	file->nr_models--;
	for (size_t i = index; i < file->nr_models; i++)
		file->models[i] = file->models[i + 1];
	return model;
}

void model_file_free(struct model_file *file)
{
	if (!file)
		return;
	for (size_t i = 0; i < file->nr_models; i++)
		model_free(file->models[i]);
	free(file->models);
	free(file->path);
	free(file);
}
