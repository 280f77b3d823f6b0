// SPDX-License-Identifier: GPL-2.0-or-later
/* Parses filters, by recursive descent into an array of nodes. */
#include "trace/filter.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/failure.h"
#include "core/ini.h"
#include "core/units.h"
#include "trace/argument.h"

enum { NUMBER_MAX = 40 };

static const char *const compare_texts[COMPARISONS] = {
	[COMPARE_EQUAL] = "==", [COMPARE_DIFFERENT] = "!=",
	[COMPARE_LESS] = "<",	[COMPARE_LESS_EQUAL] = "<=",
	[COMPARE_MORE] = ">",	[COMPARE_MORE_EQUAL] = ">=",
	[COMPARE_BITS] = "&",
};

struct parser {
	const char *text, *at;
	const struct filter_vocabulary *vocabulary;
	struct filter *filter;
	unsigned depth;
	struct failure *failure;
};

const char *filter_compare_text(enum filter_compare compare)
{
	return compare_texts[compare];
}

/* What was expected where the parser stands. */
static int expected(const struct parser *p, const char *what)
{
	if (!*p->at)
		return fail(p->failure, -EINVAL, "filter '%s': %s is expected at its end",
			    p->text, what);
	return fail(p->failure, -EINVAL,
		    "filter '%s', column %d: %s is expected, not '%c'", p->text,
		    (int)(p->at - p->text) + 1, what, *p->at);
}

static int wrong(const struct parser *p, const char *at, int err)
{
	return fail_in(p->failure, err, "filter '%s', column %d", p->text,
		       (int)(at - p->text) + 1);
}

static void skip_blanks(struct parser *p)
{
	p->at += strspn(p->at, " \t");
}

static bool accept(struct parser *p, const char *token)
{
	skip_blanks(p);
	if (strncmp(p->at, token, strlen(token)) != 0)
		return false;
	p->at += strlen(token);
	return true;
}

/* Returns the index of a new node, or a negative errno. */
static int add_node(struct parser *p, struct filter_node node)
{
	struct filter *filter = p->filter;

	if (filter->count == FILTER_NODES_MAX) {
		free(node.text);
		return fail(p->failure, -E2BIG, "filter '%s': too long", p->text);
	}
	filter->nodes[filter->count] = node;
	return filter->count++;
}

static int add_pair(struct parser *p, enum filter_kind kind, int left, int right)
{
	struct filter_node node = {
		.kind = kind, .left = (uint8_t)left, .right = (uint8_t)right};

	return left < 0 ? left : right < 0 ? right : add_node(p, node);
}

static size_t name_size(const char *at)
{
	size_t size = 0;

	while (isalnum((unsigned char)at[size]) || at[size] == '_')
		size++;
	return size;
}

/* Longer ones first; a single '=' is a common slip. */
static int parse_compare(struct parser *p, enum filter_compare *compare)
{
	static const enum filter_compare order[] = {
		COMPARE_EQUAL,	    COMPARE_DIFFERENT, COMPARE_LESS_EQUAL,
		COMPARE_MORE_EQUAL, COMPARE_LESS,      COMPARE_MORE,
	};

	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++)
		if (accept(p, compare_texts[order[i]])) {
			*compare = order[i];
			return 1;
		}
	if (*p->at == '&' && p->at[1] != '&') {
		p->at++;
		*compare = COMPARE_BITS;
		return 1;
	}
	return *p->at == '=' ? expected(p, "'=='") : 0;
}

static bool fits(const struct argument *a, uint64_t magnitude, bool negative)
{
	unsigned bits = 8U * a->size;
	uint64_t most = bits == 64 ? UINT64_MAX : (UINT64_C(1) << bits) - 1;

	if (a->is_signed)
		return magnitude <= most / 2 + negative;
	return magnitude <= most && !negative;
}

static int parse_number(struct parser *p, const struct argument *a, int64_t *number)
{
	const char *start = p->at;
	bool negative = accept(p, "-");
	unsigned long long magnitude;
	char type[8], *end;

	errno = 0;
	magnitude = strtoull(p->at, &end, 0);
	if (end == p->at || *p->at == '-' || *p->at == '+')
		return expected(p, "a number");
	p->at = end;
	if (errno || !fits(a, magnitude, negative && magnitude)) {
		fail(p->failure, -ERANGE, "%.*s does not fit %s, a %s",
		     (int)(end - start), start, a->name, argument_type_text(a, type));
		return wrong(p, start, -ERANGE);
	}
	*number = (int64_t)(negative ? -magnitude : magnitude);
	return 0;
}

/* "2ms", "0.5s", "64k"; without a unit it is ns or bytes. */
static int parse_quantity(struct parser *p, enum filter_unit unit, int64_t *number)
{
	char text[NUMBER_MAX];
	size_t size = 0;
	uint64_t value;
	int err;

	while (isalnum((unsigned char)p->at[size]) || p->at[size] == '.')
		size++;
	if (!size || size >= sizeof(text))
		return expected(p, unit == FILTER_TIME ? "a time" : "a size");
	memcpy(text, p->at, size);
	text[size] = 0;
	err = unit == FILTER_TIME ? time_parse(text, 1, &value, p->failure)
				  : size_parse(text, &value, p->failure);
	if (err)
		return wrong(p, p->at, err);
	*number = (int64_t)value;
	p->at += size;
	return 0;
}

static int no_word(struct parser *p, const struct argument *a, const char *word)
{
	const char *words[a->nr_words + 1], *near;

	for (size_t i = 0; i < a->nr_words; i++)
		words[i] = a->words[i].word;
	words[a->nr_words] = NULL;
	near = nearest_word(word, words);
	if (near)
		fail(p->failure, -EINVAL, "%s is never '%s'; did you mean '%s'?", a->name,
		     word, near);
	else if (a->nr_words)
		fail(p->failure, -EINVAL, "%s is never '%s'; a word of it is '%s'",
		     a->name, word, words[0]);
	else
		fail(p->failure, -EINVAL, "%s is a number, not '%s'", a->name, word);
	return wrong(p, p->at, -EINVAL);
}

/* In quotes or without. */
static int parse_word(struct parser *p, const struct argument *a, int64_t *number)
{
	bool quoted = *p->at == '"' || *p->at == '\'';
	const char quote[2] = {*p->at}, *start = p->at + quoted;
	size_t size = quoted ? strcspn(start, quote) : name_size(start);
	char word[ARGUMENT_NAME_MAX + 1];

	for (size_t i = 0; i < a->nr_words; i++)
		if (strlen(a->words[i].word) == size &&
		    strncmp(a->words[i].word, start, size) == 0) {
			*number = a->words[i].value;
			p->at = start + size;
			return quoted && !accept(p, quote) ? expected(p, "the closing quote")
							   : 0;
		}
	if (size > ARGUMENT_NAME_MAX)
		size = ARGUMENT_NAME_MAX;
	memcpy(word, start, size);
	word[size] = 0;
	return no_word(p, a, word);
}

/* Text in quotes of either kind, without escapes. */
static int parse_text(struct parser *p, bool any_word, char **text)
{
	const char *start = p->at, *end;
	size_t word = any_word ? name_size(start) : 0;
	char quote = *start;

	if (word) {
		*text = strndup(start, word);
		p->at += word;
		return *text ? 0 : fail(p->failure, -ENOMEM, "out of memory");
	}
	if (quote != '"' && quote != '\'')
		return expected(p, "text in quotes");
	end = strchr(start + 1, quote);
	if (!end) {
		p->at += strlen(p->at);
		return expected(p, "the closing quote");
	}
	if (end - start - 1 > FILTER_TEXT_MAX) {
		fail(p->failure, -E2BIG, "a text of more than %d bytes", FILTER_TEXT_MAX);
		return wrong(p, start, -E2BIG);
	}
	*text = strndup(start + 1, (size_t)(end - start - 1));
	p->at = end + 1;
	return *text ? 0 : fail(p->failure, -ENOMEM, "out of memory");
}

static int parse_value(struct parser *p, const struct filter_term *term,
		       struct filter_node *node)
{
	const struct argument *a = term->type;

	skip_blanks(p);
	if (node->kind == FILTER_TEXT) {
		if (node->compare > COMPARE_DIFFERENT)
			return expected(p, "'==' or '!=' before text");
		return parse_text(p, term->any_word, &node->text);
	}
	if (term->unit != FILTER_PLAIN)
		return parse_quantity(p, term->unit, &node->number);
	if (isdigit((unsigned char)*p->at) || *p->at == '-')
		return parse_number(p, a, &node->number);
	if (!name_size(p->at) && *p->at != '"' && *p->at != '\'')
		return expected(p, "a number or a word");
	return parse_word(p, a, &node->number);
}

static int parse_comparison(struct parser *p)
{
	struct filter_node node = {.kind = FILTER_NUMBER, .compare = COMPARE_DIFFERENT};
	const struct filter_vocabulary *v = p->vocabulary;
	struct filter_term term = {0};
	const char *start = p->at;
	size_t size = name_size(start);
	int number, err;

	if (!size)
		return expected(p, v->what);
	number = v->find(v->user, start, size, &term, p->failure);
	if (number < 0)
		return wrong(p, start, number);
	node.argument = (uint8_t)number;
	if (term.type->kind == ARGUMENT_FLOAT) {
		fail(p->failure, -EOPNOTSUPP, "floating point cannot be compared");
		return wrong(p, start, -EOPNOTSUPP);
	}
	if (term.type->kind == ARGUMENT_STRING)
		node.kind = FILTER_TEXT;
	p->at += size;
	err = parse_compare(p, &node.compare);
	if (err > 0)
		err = parse_value(p, &term, &node);
	else if (!err && node.kind == FILTER_TEXT)
		err = expected(p, "'==' or '!='");
	if (!err)
		return add_node(p, node);
	free(node.text);
	return err;
}

static int parse_any(struct parser *p);

static int parse_one(struct parser *p)
{
	int index;

	if (++p->depth > FILTER_DEPTH_MAX)
		return fail(p->failure, -E2BIG, "filter '%s': nested too deep", p->text);
	if (accept(p, "!")) {
		index = parse_one(p);
		index = add_pair(p, FILTER_NOT, index, 0);
	} else if (accept(p, "(")) {
		index = parse_any(p);
		if (index >= 0 && !accept(p, ")"))
			index = expected(p, "')'");
	} else {
		index = parse_comparison(p);
	}
	p->depth--;
	return index;
}

static int parse_all(struct parser *p)
{
	int index = parse_one(p);

	while (index >= 0 && accept(p, "&&"))
		index = add_pair(p, FILTER_AND, index, parse_one(p));
	return index;
}

static int parse_any(struct parser *p)
{
	int index = parse_all(p);

	while (index >= 0 && accept(p, "||"))
		index = add_pair(p, FILTER_OR, index, parse_all(p));
	return index;
}

int filter_parse(struct filter **result, const char *text,
		 const struct filter_vocabulary *vocabulary, struct failure *f)
{
	struct filter *filter = calloc(1, sizeof(*filter));
	struct parser p = {.text = text,
			   .at = text,
			   .vocabulary = vocabulary,
			   .filter = filter,
			   .failure = f};
	int root;

	if (!filter)
		return fail(f, -ENOMEM, "out of memory");
	root = parse_any(&p);
	skip_blanks(&p);
	if (root >= 0 && *p.at)
		root = expected(&p, "'&&', '||' or the end");
	if (root < 0) {
		filter_free(filter);
		return root;
	}
	filter->root = (uint8_t)root;
	*result = filter;
	return 0;
}

void filter_free(struct filter *filter)
{
	if (!filter)
		return;
	for (unsigned i = 0; i < filter->count; i++)
		free(filter->nodes[i].text);
	free(filter);
}
