// SPDX-License-Identifier: GPL-2.0-or-later
/* Request models: their files, read and checked. */
#include "analyzers/model.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/failure.h"
#include "core/ini.h"

#define BIT(n) (1U << (n))

/* What a line of each role must and may say. */
static const struct role_rule {
	const char *section; /* "request NAME" or "poll" */
	const char *key;
	const char *word; /* for messages */
	unsigned must, may;
} rules[MODEL_ROLES] = {
	[ROLE_SUBMIT] = {"request", "submit", "submit", BIT(VALUE_KEY),
			 BIT(VALUE_OP) | BIT(VALUE_OFFSET) | BIT(VALUE_LENGTH) |
				 BIT(VALUE_FD)},
	[ROLE_DISPATCH] = {"request", "dispatch", "dispatch", BIT(VALUE_KEY),
			   BIT(VALUE_COUNT)},
	[ROLE_COMPLETE] = {"request", "complete", "complete", BIT(VALUE_KEY),
			   BIT(VALUE_STATUS) | BIT(VALUE_RESULT)},
	[ROLE_POLL_BEGIN] = {"poll", "begin", "poll begin", 0,
			     BIT(VALUE_LOOP) | BIT(VALUE_BUDGET)},
	[ROLE_POLL_END] = {"poll", "end", "poll end", 0,
			   BIT(VALUE_LOOP) | BIT(VALUE_PROGRESS) | BIT(VALUE_ELAPSED)},
	[ROLE_POLL_GROW] = {"poll", "grow", "poll grow", 0,
			    BIT(VALUE_LOOP) | BIT(VALUE_OLD) | BIT(VALUE_NEW)},
	[ROLE_POLL_SHRINK] = {"poll", "shrink", "poll shrink", 0,
			      BIT(VALUE_LOOP) | BIT(VALUE_OLD) | BIT(VALUE_NEW)},
	[ROLE_WAIT_BEGIN] = {"poll", "wait_begin", "wait begin", 0, BIT(VALUE_LOOP)},
	[ROLE_WAIT_END] = {"poll", "wait_end", "wait end", 0,
			   BIT(VALUE_LOOP) | BIT(VALUE_EVENTS)},
};

static const char *const value_words[MODEL_VALUES + 1] = {
	[VALUE_KEY] = "key",
	[VALUE_OP] = "op",
	[VALUE_OFFSET] = "offset",
	[VALUE_LENGTH] = "length",
	[VALUE_FD] = "fd",
	[VALUE_STATUS] = "status",
	[VALUE_RESULT] = "result",
	[VALUE_COUNT] = "count",
	[VALUE_LOOP] = "loop",
	[VALUE_BUDGET] = "budget",
	[VALUE_PROGRESS] = "progress",
	[VALUE_ELAPSED] = "elapsed",
	[VALUE_OLD] = "old",
	[VALUE_NEW] = "new",
	[VALUE_EVENTS] = "events",
};

static const char *const scope_words[] = {
	[SCOPE_PROCESS] = "process",
	[SCOPE_THREAD] = "thread",
	[SCOPE_SYSTEM] = "system",
	NULL,
};

const char *model_role_word(enum model_role role)
{
	return rules[role].word;
}

const char *model_value_word(enum model_value value)
{
	return value_words[value];
}

/* The end of the token at @at: white space ends it, but not inside () {} or "". */
static char *token_end(char *at)
{
	bool quoted = false;
	int depth = 0;

	for (; *at; at++) {
		if (*at == '"')
			quoted = !quoted;
		else if (!quoted && (*at == '(' || *at == '{'))
			depth++;
		else if (!quoted && (*at == ')' || *at == '}'))
			depth--;
		else if (!quoted && depth <= 0 && isspace((unsigned char)*at))
			break;
	}
	return at;
}

/* Cuts the next token off *@at; NULL at the end. */
static char *next_token(char **at)
{
	char *start = *at + strspn(*at, " \t"), *end = token_end(start);

	if (!*start)
		return NULL;
	*at = *end ? end + 1 : end;
	*end = 0;
	return start;
}

/* Cuts the white space around @text off. */
static char *trim(char *text)
{
	char *end = text + strlen(text);

	while (end > text && isspace((unsigned char)end[-1]))
		*--end = 0;
	return text + strspn(text, " \t");
}

/* "id, fd, op)" behind the opening parenthesis */
static int parse_arguments(struct model_line *line, char *text, struct failure *f)
{
	char *close = strchr(text, ')'), *name;

	if (!close || close[1])
		return fail(f, -EINVAL, "expected ')' behind the arguments of %s:%s",
			    line->provider, line->probe);
	*close = 0;
	while ((name = strsep(&text, ","))) {
		name = trim(name);
		if (!*name || strpbrk(name, " \t"))
			return fail(f, -EINVAL, "'%.40s' is not an argument's name",
				    name);
		if (line->nr_arguments == ARGUMENTS_MAX)
			return fail(f, -E2BIG, "a probe has at most %d arguments",
				    ARGUMENTS_MAX);
		line->arguments[line->nr_arguments++] = name;
	}
	return 0;
}

/* PROVIDER:PROBE, and the names of its arguments in parentheses */
static int parse_spec(struct model_line *line, char *spec, struct failure *f)
{
	char *arguments, *colon;

	if (!spec)
		return fail(f, -EINVAL, "expected PROVIDER:PROBE");
	arguments = strchr(spec, '(');
	if (arguments)
		*arguments++ = 0;
	colon = strchr(spec, ':');
	if (!colon || colon == spec || !colon[1])
		return fail(f, -EINVAL, "'%.80s' is not PROVIDER:PROBE", spec);
	*colon = 0;
	line->provider = spec;
	line->probe = colon + 1;
	return arguments ? parse_arguments(line, arguments, f) : 0;
}

/* One "0:read" of op=op{0:read,1:write} */
static int add_op_word(struct model_line *line, char *pair, struct failure *f)
{
	char *word = strchr(pair, ':'), *end;
	struct argument_word *words;
	long long value;

	errno = 0;
	value = strtoll(pair, &end, 0);
	if (!word || end == pair || trim(end) != word || errno)
		return fail(f, -EINVAL, "'%.40s' is not NUMBER:WORD", pair);
	word = trim(word + 1);
	if (!*word)
		return fail(f, -EINVAL, "'%.40s' has no word", pair);
	if (line->nr_op_words == MODEL_OP_WORDS_MAX)
		return fail(f, -E2BIG, "more than %d words", MODEL_OP_WORDS_MAX);
	words = realloc(line->op_words, (line->nr_op_words + 1) * sizeof(*words));
	if (!words)
		return fail(f, -ENOMEM, "no memory");
	line->op_words = words;
	words[line->nr_op_words++] = (struct argument_word){value, word};
	return 0;
}

/* "0:read,1:write}" behind the opening brace */
static int parse_op_words(struct model_line *line, char *text, struct failure *f)
{
	char *close = strchr(text, '}'), *pair;

	if (!close || close[1])
		return fail(f, -EINVAL, "expected '}' behind the words of op");
	*close = 0;
	while ((pair = strsep(&text, ","))) {
		int err = add_op_word(line, trim(pair), f);

		if (err)
			return err;
	}
	return 0;
}

static int parse_op(struct model_line *line, char *text, struct failure *f)
{
	size_t length = strlen(text);
	char *words;

	if (*text == '"') {
		if (length < 3 || strchr(text + 1, '"') != text + length - 1)
			return fail(f, -EINVAL, "op: expected a word in quotes");
		text[length - 1] = 0;
		line->op_word = text + 1;
		return 0;
	}
	words = strchr(text, '{');
	if (words) {
		int err;

		*words++ = 0;
		err = parse_op_words(line, words, f);
		if (err)
			return err;
	}
	return expression_parse(&line->values[VALUE_OP], text, f);
}

static int find_word(const char *const *words, const char *word)
{
	for (int i = 0; words[i]; i++)
		if (!strcmp(words[i], word))
			return i;
	return -1;
}

/* NAME=EXPRESSION */
static int parse_value(struct model_line *line, char *token, struct failure *f)
{
	const struct role_rule *rule = &rules[line->role];
	char *equals = strchr(token, '=');
	int value, err;

	if (!equals)
		return fail(f, -EINVAL, "expected NAME=EXPRESSION, not '%.80s'", token);
	*equals = 0;
	value = find_word(value_words, token);
	if (value < 0 || !((rule->must | rule->may) & BIT(value)))
		return fail(f, -EINVAL, "'%s' takes no '%.40s'", rule->word, token);
	if (line->values[value].nr_terms || (value == VALUE_OP && line->op_word))
		return fail(f, -EINVAL, "'%s' is given twice", token);
	err = value == VALUE_OP ? parse_op(line, equals + 1, f)
				: expression_parse(&line->values[value], equals + 1, f);
	return err ? fail_in(f, err, "%s", token) : 0;
}

static int parse_line(struct model_line *line, struct failure *f)
{
	unsigned must = rules[line->role].must;
	char *at = line->text, *token;
	int err = parse_spec(line, next_token(&at), f);

	while (!err && (token = next_token(&at)))
		err = parse_value(line, token, f);
	for (unsigned v = 0; !err && v < MODEL_VALUES; v++)
		if ((must & BIT(v)) && !line->values[v].nr_terms)
			err = fail(f, -EINVAL, "%s needs %s=", rules[line->role].word,
				   value_words[v]);
	return err;
}

static void line_release(struct model_line *line)
{
	free(line->op_words);
	free(line->text);
}

int model_add_line(struct model *model, enum model_role role, const char *text,
		   struct failure *f)
{
	struct model_line line = {.role = role}, *lines;
	int err;

	if (model->nr_lines == MODEL_LINES_MAX)
		return fail(f, -E2BIG, "more than %d lines", MODEL_LINES_MAX);
	line.text = strdup(text);
	lines = realloc(model->lines, (model->nr_lines + 1) * sizeof(*lines));
	if (lines)
		model->lines = lines;
	err = line.text && lines ? parse_line(&line, f) : fail(f, -ENOMEM, "no memory");
	if (err) {
		line_release(&line);
		return err;
	}
	lines[model->nr_lines++] = line;
	return 0;
}

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
	int scope = find_word(scope_words, value);

	if (scope < 0)
		return fail(f, -EINVAL, "scope is process, thread or system, not '%.40s'",
			    value);
	model->scope = (enum model_scope)scope;
	return 0;
}

/* A key that the section does not have; says which one was meant, perhaps. */
static int unknown_key(const struct ini_entry *entry, struct failure *f)
{
	const char *words[MODEL_ROLES + 2] = {"scope"}, *near;
	size_t nr = 1;

	for (unsigned r = 0; r < MODEL_ROLES; r++)
		if (!strncmp(entry->section, rules[r].section, strlen(rules[r].section)))
			words[nr++] = rules[r].key;
	near = nearest_word(entry->key, words);
	return fail(f, -EINVAL, "unknown key '%.40s'%s%s%s", entry->key,
		    near ? ", did you mean '" : "", near ? near : "", near ? "'?" : "");
}

static int take_entry(void *user, const struct ini_entry *entry, struct failure *f)
{
	struct model *model = user;
	size_t length = strcspn(entry->section, " ");

	if (!entry->key)
		return begin_section(model, entry->section, f);
	if (!*entry->section)
		return fail(f, -EINVAL, "expected [request NAME] first");
	if (!entry->value)
		return fail(f, -EINVAL, "'%.40s' has no value", entry->key);
	if (!strcmp(entry->key, "scope") && length == strlen("request"))
		return take_scope(model, entry->value, f);
	for (unsigned r = 0; r < MODEL_ROLES; r++)
		if (!strcmp(entry->key, rules[r].key) &&
		    length == strlen(rules[r].section) &&
		    !strncmp(entry->section, rules[r].section, length))
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
		line_release(&model->lines[i]);
	free(model->lines);
	free(model->name);
	free(model);
}
