// SPDX-License-Identifier: GPL-2.0-or-later
/* One line of a request model: a probe, and where its values are. */
#include "trace/requests/model_line.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/failure.h"

#define BIT(n) (1U << (n))

/* What a line of each role must and may say. */
static const struct role_rule {
	const char *key;  /* in the file; behind stage and leave comes a name */
	const char *word; /* for messages */
	bool poll;	  /* in [poll], not in [request NAME] */
	unsigned must, may;
} rules[MODEL_ROLES] = {
	[ROLE_SUBMIT] = {"submit", "submit", false, BIT(VALUE_KEY),
			 BIT(VALUE_OP) | BIT(VALUE_OFFSET) | BIT(VALUE_LENGTH) |
				 BIT(VALUE_FD)},
	[ROLE_STAGE] = {"stage", "stage", false, 0,
			BIT(VALUE_KEY) | BIT(VALUE_COUNT) | BIT(VALUE_OFFSET) |
				BIT(VALUE_LENGTH) | BIT(VALUE_OP) | BIT(VALUE_ALIAS)},
	[ROLE_LEAVE] = {"leave", "leave", false, 0,
			BIT(VALUE_KEY) | BIT(VALUE_COUNT) | BIT(VALUE_OFFSET) |
				BIT(VALUE_LENGTH) | BIT(VALUE_OP)},
	[ROLE_COMPLETE] = {"complete", "complete", false, BIT(VALUE_KEY),
			   BIT(VALUE_STATUS) | BIT(VALUE_RESULT) | BIT(VALUE_OP) |
				   BIT(VALUE_OFFSET) | BIT(VALUE_LENGTH) | BIT(VALUE_FD)},
	[ROLE_NEEDS] = {"needs", "needs", false, 0, 0},
	[ROLE_POLL_BEGIN] = {"begin", "poll begin", true, 0,
			     BIT(VALUE_LOOP) | BIT(VALUE_BUDGET)},
	[ROLE_POLL_END] = {"end", "poll end", true, 0,
			   BIT(VALUE_LOOP) | BIT(VALUE_PROGRESS) | BIT(VALUE_ELAPSED)},
	[ROLE_POLL_GROW] = {"grow", "poll grow", true, 0,
			    BIT(VALUE_LOOP) | BIT(VALUE_OLD) | BIT(VALUE_NEW)},
	[ROLE_POLL_SHRINK] = {"shrink", "poll shrink", true, 0,
			      BIT(VALUE_LOOP) | BIT(VALUE_OLD) | BIT(VALUE_NEW)},
	[ROLE_WAIT_BEGIN] = {"wait_begin", "wait begin", true, 0, BIT(VALUE_LOOP)},
	[ROLE_WAIT_END] = {"wait_end", "wait end", true, 0,
			   BIT(VALUE_LOOP) | BIT(VALUE_EVENTS)},
	[ROLE_LOOP_BEGIN] = {"loop_begin", "loop begin", true, BIT(VALUE_DEPTH),
			     BIT(VALUE_LOOP)},
};

static const char *const value_words[MODEL_VALUES + 1] = {
	[VALUE_KEY] = "key",	     [VALUE_OP] = "op",
	[VALUE_OFFSET] = "offset",   [VALUE_LENGTH] = "length",
	[VALUE_FD] = "fd",	     [VALUE_STATUS] = "status",
	[VALUE_RESULT] = "result",   [VALUE_COUNT] = "count",
	[VALUE_ALIAS] = "alias",     [VALUE_LOOP] = "loop",
	[VALUE_BUDGET] = "budget",   [VALUE_PROGRESS] = "progress",
	[VALUE_ELAPSED] = "elapsed", [VALUE_OLD] = "old",
	[VALUE_NEW] = "new",	     [VALUE_EVENTS] = "events",
	[VALUE_DEPTH] = "depth",
};

const char *model_role_word(enum model_role role)
{
	return rules[role].word;
}

const char *model_role_key(enum model_role role)
{
	return rules[role].key;
}

bool model_role_is_poll(enum model_role role)
{
	return rules[role].poll;
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
	if (!*trim(text))
		return 0; /* it has none */
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

static bool says(const struct model_line *line, enum model_value value)
{
	return line->values[value].nr_terms != 0;
}

/* A point in a request's life: whose, by its key or by where on the disk it is? */
static int check_point(const struct model_line *line, enum model_scope scope,
		       struct failure *f)
{
	bool key = says(line, VALUE_KEY), offset = says(line, VALUE_OFFSET);

	if (key && offset)
		return fail(f, -EINVAL, "key= and offset= exclude each other");
	if (!key && !offset && scope != SCOPE_STACK)
		return fail(f, -EINVAL,
			    "%s needs key= or offset=", rules[line->role].word);
	if (says(line, VALUE_COUNT) && !key)
		return fail(f, -EINVAL, "count= needs key=");
	if (says(line, VALUE_LENGTH) && !offset)
		return fail(f, -EINVAL, "length= needs offset=");
	if (scope == SCOPE_STACK &&
	    (offset || says(line, VALUE_COUNT) || says(line, VALUE_ALIAS)))
		return fail(f, -EINVAL,
			    "on a stack, offset=, count= and alias= have no "
			    "meaning");
	return 0;
}

static int check_values(const struct model_line *line, enum model_scope scope,
			struct failure *f)
{
	unsigned must = rules[line->role].must;

	if (scope == SCOPE_STACK)
		must &= ~BIT(VALUE_KEY);
	for (unsigned v = 0; v < MODEL_VALUES; v++)
		if ((must & BIT(v)) && !says(line, (enum model_value)v))
			return fail(f, -EINVAL, "%s needs %s=", rules[line->role].word,
				    value_words[v]);
	if (line->role == ROLE_STAGE || line->role == ROLE_LEAVE)
		return check_point(line, scope, f);
	return 0;
}

static int parse_line(struct model_line *line, enum model_scope scope, struct failure *f)
{
	char *at = line->text, *token;
	int err = parse_spec(line, next_token(&at), f);

	while (!err && (token = next_token(&at)))
		err = parse_value(line, token, f);
	return err ? err : check_values(line, scope, f);
}

int model_check_name(const char *name, const char *what, struct failure *f)
{
	size_t length = strlen(name);

	if (length > MODEL_NAME_MAX)
		return fail(f, -E2BIG, "the name of a %s has at most %d bytes", what,
			    MODEL_NAME_MAX);
	for (size_t i = 0; i < length; i++)
		if (!isalnum((unsigned char)name[i]) && !strchr("_-.", name[i]))
			return fail(f, -EINVAL,
				    "'%.40s' is not the name of a %s: letters, digits, "
				    "'_', '-' and '.'",
				    name, what);
	return 0;
}

static int add_stage(struct model *model, const char *name, struct failure *f)
{
	int err = model_check_name(name, "stage", f);
	char **stages;

	if (err)
		return err;
	if (!strcmp(name, "submit") || !strcmp(name, "complete"))
		return fail(f, -EINVAL, "a stage cannot be called %s", name);
	if (model->nr_stages == MODEL_STAGES_MAX)
		return fail(f, -E2BIG, "more than %d stages", MODEL_STAGES_MAX);
	stages = realloc(model->stages, (model->nr_stages + 1) * sizeof(char *));
	if (!stages)
		return fail(f, -ENOMEM, "no memory");
	model->stages = stages;
	stages[model->nr_stages] = strdup(name);
	if (!stages[model->nr_stages])
		return fail(f, -ENOMEM, "no memory");
	model->nr_stages++;
	return 0;
}

/* The number of the stage called @name; "stage" makes one, "leave" wants one. */
static int find_stage(struct model *model, enum model_role role, const char *name,
		      unsigned *stage, struct failure *f)
{
	for (*stage = 0; *stage < model->nr_stages; ++*stage)
		if (!strcmp(model->stages[*stage], name))
			return 0;
	if (role == ROLE_LEAVE)
		return fail(f, -EINVAL, "'leave %.40s' without 'stage %.40s' before it",
			    name, name);
	return add_stage(model, name, f);
}

void model_line_release(struct model_line *line)
{
	free(line->op_words);
	free(line->text);
	free(line->written);
}

int model_add_line(struct model *model, enum model_role role, const char *stage,
		   const char *text, struct failure *f)
{
	struct model_line line = {.role = role}, *lines;
	int err = stage ? find_stage(model, role, stage, &line.stage, f) : 0;

	if (err)
		return err;
	if (model->nr_lines == MODEL_LINES_MAX)
		return fail(f, -E2BIG, "more than %d lines", MODEL_LINES_MAX);
	line.text = strdup(text);
	line.written = strdup(text);
	lines = realloc(model->lines, (model->nr_lines + 1) * sizeof(*lines));
	if (lines)
		model->lines = lines;
	err = line.text && line.written && lines ? parse_line(&line, model->scope, f)
						 : fail(f, -ENOMEM, "no memory");
	if (err) {
		model_line_release(&line);
		return err;
	}
	lines[model->nr_lines++] = line;
	return 0;
}
