// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fathom script: one line per event, names, words and strings decoded.
 *
 * The smallest analyzer. All that is the same for every event of a type (its name,
 * the labels of its arguments, escaped) is made once, when the type appears.
 */
#include "analyzers/analyzer.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#include "analyzers/lines.h"
#include "core/command.h"
#include "core/failure.h"
#include "core/options.h"
#include "core/stop.h"
#include "core/text.h"

enum { NS_PER_S = 1000000000, LABEL_MAX = 512, COMM_WIDTH = 16 };

struct script_field {
	const struct event_field *field;
	char *label; /* " offset=", or ,"offset": */
	size_t length;
};

struct script_type {
	char *head; /* "fathom:submit:", or its JSON */
	struct script_field *fields;
	size_t nr_fields;
};

struct script {
	const struct trace *trace;
	bool json;
	struct script_type *types; /* by index */
	size_t nr_types;
	struct lines lines;
};

/* Foreign @text between @before and @after, escaped for the output; to be freed. */
static char *make_label(bool json, const char *before, const char *text,
			const char *after)
{
	struct lines *l = calloc(1, sizeof(*l));
	char *label;

	if (!l)
		return NULL;
	lines_text(l, before);
	if (json)
		lines_json(l, text, strnlen(text, LABEL_MAX));
	else
		lines_escaped(l, text, strnlen(text, LABEL_MAX), 0);
	lines_text(l, after);
	label = strndup(l->buffer, l->used);
	free(l);
	return label;
}

static int add_field(struct script *s, struct script_type *t,
		     const struct event_field *field)
{
	struct script_field *to = &t->fields[t->nr_fields];
	const char *before = !s->json ? " " : t->nr_fields ? "," : "";

	if (!field_is_argument(field))
		return 0;
	to->field = field;
	to->label = make_label(s->json, before, field->type.name, s->json ? ":" : "=");
	if (!to->label)
		return -ENOMEM;
	to->length = strlen(to->label);
	t->nr_fields++;
	return 0;
}

static int script_begin(void *state, const struct trace *trace, struct failure *f)
{
	struct script *s = state;

	(void)f;
	s->trace = trace;
	return 0;
}

static int script_type(void *state, const struct event_type *type, struct failure *f)
{
	struct script *s = state;
	struct script_type *types = realloc(s->types, (type->index + 1) * sizeof(*types));
	struct script_type *t;

	if (!types)
		return fail(f, -ENOMEM, "no memory for event types");
	s->types = types;
	s->nr_types = type->index + 1;
	t = &types[type->index];
	*t = (struct script_type){
		.head = make_label(s->json, s->json ? "\"event\":" : " ", type->name,
				   s->json ? ",\"args\":{" : ":"),
		.fields = calloc(type->nr_fields + 1, sizeof(*t->fields)),
	};
	if (!t->head || !t->fields)
		return fail(f, -ENOMEM, "no memory for event types");
	for (size_t i = 0; i < type->nr_fields; i++)
		if (add_field(s, t, &type->fields[i]))
			return fail(f, -ENOMEM, "no memory for event types");
	return 1;
}

static void put_string(struct script *s, const struct event *event,
		       const struct event_field *field)
{
	size_t length;
	const char *text = event_string(event, field, &length);

	if (!text) {
		lines_text(&s->lines, s->json ? "null" : "?");
	} else if (s->json) {
		lines_json(&s->lines, text, strnlen(text, length));
	} else {
		lines_char(&s->lines, '"');
		lines_escaped(&s->lines, text, strnlen(text, length), '"');
		lines_char(&s->lines, '"');
	}
}

static void put_float(struct script *s, const struct event *event,
		      const struct event_field *field)
{
	double value;
	float narrow;

	if (field->type.size == sizeof(narrow)) {
		memcpy(&narrow, event->raw + field->offset, sizeof(narrow));
		value = narrow;
	} else {
		memcpy(&value, event->raw + field->offset, sizeof(value));
	}
	if (s->json && !__builtin_isfinite(value))
		lines_text(&s->lines, "null");
	else
		lines_double(&s->lines, value);
}

static void put_integer(struct script *s, const struct event *event,
			const struct event_field *field)
{
	int64_t value = event_integer(event, field);
	const char *word =
		field->type.nr_words ? argument_word(&field->type, value) : NULL;
	bool quoted = s->json && field->type.nr_words;

	if (quoted && word) {
		lines_json(&s->lines, word, strlen(word));
		return;
	}
	/* A value that has no word is a string, too: a column is of one type. */
	if (quoted)
		lines_char(&s->lines, '"');
	if (word)
		lines_escaped(&s->lines, word, strlen(word), 0);
	else if (field->type.kind == ARGUMENT_HEX && !s->json)
		lines_hex(&s->lines, (uint64_t)value);
	else if (field->type.is_signed)
		lines_signed(&s->lines, value);
	else
		lines_unsigned(&s->lines, (uint64_t)value);
	if (quoted)
		lines_char(&s->lines, '"');
}

static void put_arguments(struct script *s, const struct event *event)
{
	const struct script_type *t = &s->types[event->type->index];

	lines_text(&s->lines, t->head);
	for (size_t i = 0; i < t->nr_fields; i++) {
		const struct event_field *field = t->fields[i].field;

		lines_bytes(&s->lines, t->fields[i].label, t->fields[i].length);
		if (field->type.kind == ARGUMENT_STRING)
			put_string(s, event, field);
		else if (field->type.kind == ARGUMENT_FLOAT)
			put_float(s, event, field);
		else
			put_integer(s, event, field);
	}
}

static void put_time(struct lines *l, uint64_t ns)
{
	lines_padded(l, ns / NS_PER_S, 6, ' ');
	lines_char(l, '.');
	lines_padded(l, ns % NS_PER_S, 9, '0');
}

static void put_text_line(struct script *s, const struct event *event)
{
	const char *comm = trace_comm(s->trace, event->pid, event->tid);
	struct lines *l = &s->lines;
	size_t width =
		lines_escaped(l, *comm ? comm : "?", strlen(*comm ? comm : "?"), 0);

	lines_bytes(l, "                ", width < COMM_WIDTH ? COMM_WIDTH - width : 0);
	if (event->tid < 0)
		lines_text(l, "     -1");
	else
		lines_padded(l, (uint64_t)event->tid, 7, ' ');
	if (event->cpu != UINT32_MAX) {
		lines_text(l, " [");
		lines_padded(l, event->cpu, 3, '0');
		lines_char(l, ']');
	}
	lines_char(l, ' ');
	put_time(l, event->time_ns);
	lines_char(l, ':');
	put_arguments(s, event);
	lines_char(l, '\n');
}

static void put_json_line(struct script *s, const struct event *event)
{
	const char *comm = trace_comm(s->trace, event->pid, event->tid);
	struct lines *l = &s->lines;

	lines_text(l, "{\"time_ns\":");
	lines_unsigned(l, event->time_ns);
	lines_text(l, ",\"comm\":");
	lines_json(l, comm, strlen(comm));
	lines_text(l, ",\"pid\":");
	lines_signed(l, event->pid);
	lines_text(l, ",\"tid\":");
	lines_signed(l, event->tid);
	if (event->cpu != UINT32_MAX) {
		lines_text(l, ",\"cpu\":");
		lines_unsigned(l, event->cpu);
	}
	lines_char(l, ',');
	put_arguments(s, event);
	lines_text(l, "}}\n");
}

static int script_event(void *state, const struct event *event, struct failure *f)
{
	struct script *s = state;

	if (s->json)
		put_json_line(s, event);
	else
		put_text_line(s, event);
	return s->lines.error ? lines_flush_answer(&s->lines, f) : 0;
}

static int script_loss(void *state, const struct loss *loss, struct failure *f)
{
	struct script *s = state;
	struct lines *l = &s->lines;

	(void)f;
	lines_text(l, s->json ? "{\"lost\":" : "# lost ");
	lines_unsigned(l, loss->count);
	if (s->json) {
		lines_text(l, ",\"from_ns\":");
		lines_unsigned(l, loss->from_ns);
		lines_text(l, ",\"to_ns\":");
		lines_unsigned(l, loss->to_ns);
	} else if (loss->to_ns) {
		lines_text(l, " records between ");
		put_time(l, loss->from_ns);
		lines_text(l, " and ");
		put_time(l, loss->to_ns);
	}
	if (loss->cpu != UINT32_MAX) {
		lines_text(l, s->json ? ",\"cpu\":" : " on cpu ");
		lines_unsigned(l, loss->cpu);
	}
	lines_text(l, s->json ? "}\n" : "\n");
	return 0;
}

static const struct analyzer script_analyzer = {
	.name = "script",
	.begin = script_begin,
	.type = script_type,
	.event = script_event,
	.loss = script_loss,
};

static void script_free(struct script *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->nr_types; i++) {
		for (size_t j = 0; j < s->types[i].nr_fields; j++)
			free(s->types[i].fields[j].label);
		free(s->types[i].fields);
		free(s->types[i].head);
	}
	free(s->types);
	free(s);
}

static int script_flush(void *user, struct failure *f)
{
	struct script *s = user;

	return lines_flush_answer(&s->lines, f);
}

struct script_options {
	const char *input;
	bool json;
};

static int run(const struct script_options *options)
{
	struct script *s = calloc(1, sizeof(*s));
	struct failure f = {"no memory"};
	struct analysis analysis = {&script_analyzer, s};
	int status;

	if (!s)
		return command_failed("script", &f);
	s->json = options->json;
	s->lines.fd = STDOUT_FILENO;
	status = run_analyses("script", options->input, &analysis, 1, script_flush, s);
	script_free(s);
	return status;
}

static const struct option_row rows[] = {
	{"input", 'i', OPTION_STRING, offsetof(struct script_options, input), "FILE",
	 "the trace, - for stdin (default perf.data)", 0, 0},
	{"json", 0, OPTION_FLAG, offsetof(struct script_options, json), NULL,
	 "one JSON object per line", 0, 0},
	{0},
};

static const struct usage usage = {
	.command = "script",
	.synopsis = "[-i FILE] [--json]",
	.summary = "Print one line per event of a trace.",
	.rows = rows,
	.more = "Examples:\n"
		"  fathom script | less\n"
		"  fathom record -e 'fathom:*' -o - -- CMD | fathom script -i -\n",
};

int cmd_script(int argc, char **argv)
{
	struct script_options options = {.input = "perf.data"};
	int at = options_parse(&usage, argc, argv, &options);

	if (at < 0)
		return options_exit(at);
	if (at < argc)
		return options_complain(&usage, "unexpected argument '%.60s'", argv[at]);
	stop_on_signals();
	return run(&options);
}
