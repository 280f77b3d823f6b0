// SPDX-License-Identifier: GPL-2.0-or-later
/* What a request does, by the op= of a model's line. */
#include "trace/requests/operation.h"

#include <inttypes.h>
#include <stdio.h>

#include "core/units.h"

static unsigned intern(struct requests *r, const char *word)
{
	return words_intern(&r->ops, word, strlen(word));
}

/* A line without op= has the value 0 for it, and that one word. */
void operation_prepare(struct requests *r, struct bound_line *line)
{
	const char *word = line->line->op_word;

	if (expression_present(&line->values[VALUE_OP]))
		return;
	if (!word)
		word = line->line->values[VALUE_OP].nr_terms ? "unknown" : "all";
	line->op_of[0] = (uint16_t)intern(r, word);
}

static const char *word_of(const struct bound_line *line, uint64_t value)
{
	const struct event_field *field = line->values[VALUE_OP].only;
	const char *word = field ? argument_word(&field->type, (int64_t)value) : NULL;

	for (size_t i = 0; !word && i < line->line->nr_op_words; i++)
		if (line->line->op_words[i].value == (int64_t)value)
			word = line->line->op_words[i].word;
	return word;
}

static unsigned find_text(struct requests *r, const struct bound_line *line,
			  const struct event *event)
{
	size_t length;
	const char *text = event_string(event, line->op_text, &length);

	return words_intern(&r->ops, text ? text : "", text ? length : 0);
}

unsigned operation_find(struct requests *r, struct bound_line *line,
			const struct event *event)
{
	uint64_t value;
	const char *word;
	char number[UNIT_TEXT];
	unsigned op;

	if (line->op_text)
		return find_text(r, line, event);
	value = expression_value(&line->values[VALUE_OP], event);
	word = word_of(line, value);
	snprintf(number, sizeof(number), "%" PRId64, (int64_t)value);
	op = intern(r, word ? word : number);
	if (value < sizeof(line->op_of) / sizeof(*line->op_of))
		line->op_of[value] = (uint16_t)op;
	return op;
}
