// SPDX-License-Identifier: GPL-2.0-or-later
/* fathom timeline: traces of several hosts and captures, on one axis, as one listing. */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "analyzers/timeline/bracket.h"
#include "analyzers/timeline/source.h"
#include "core/command.h"
#include "core/failure.h"
#include "core/options.h"
#include "core/stop.h"
#include "core/text.h"
#include "core/units.h"
#include "trace/requests/binding.h"

enum {
	SOURCES_MAX = AXIS_CLOCKS_MAX,
	NAME_WIDTH_MAX = 24,
	NS_PER_S = 1000000000,
	CHECK_EVERY = 1 << 12, /* items after which a signal is looked for */
};

struct timeline_options {
	struct string_list traces, captures, only;
	struct model_options model;
	const char *from, *to, *around;
	uint64_t margin_ns;
	bool json;
};

struct timeline {
	const struct timeline_options *options;
	struct source *sources[SOURCES_MAX];
	size_t nr_sources, nr_traces;
	struct axis_clock clocks[SOURCES_MAX]; /* of the traces */
	struct bracket bracket;
	struct listing listing;
	uint64_t items;
};

/* FILE, or FILE@N: captured on the host of trace N. */
static int capture_clock(struct timeline *t, char *path, const struct axis_clock **clock,
			 struct failure *f)
{
	char *at = strrchr(path, '@');
	uint64_t number = 1;

	*clock = NULL;
	if (at && access(path, F_OK) && !number_parse(at + 1, &number, NULL)) {
		if (!number || number > t->nr_traces)
			return fail(f, -EINVAL, "%s: there is no trace %" PRIu64, path,
				    number);
		*at = '\0';
	}
	if (!t->nr_traces)
		return 0;
	*clock = &t->clocks[number - 1];
	if (!(*clock)->has_wall)
		return fail(f, -EINVAL,
			    "%s: %s does not tell the wall clock, so that a capture "
			    "cannot be laid beside it (fathom record tells it)",
			    path, t->sources[number - 1]->path);
	return 0;
}

static int open_captures(struct timeline *t, struct failure *f)
{
	const struct string_list *captures = &t->options->captures;
	int err = 0;

	for (size_t i = 0; !err && i < captures->count; i++) {
		const struct axis_clock *clock;
		char *path = (char *)captures->items[i]; /* argv's, which is ours */

		err = capture_clock(t, path, &clock, f);
		if (!err)
			err = capture_source_open(&t->sources[t->nr_sources++], path,
						  clock, f);
	}
	return err;
}

static int open_sources(struct timeline *t, struct failure *f)
{
	const struct string_list *traces = &t->options->traces;
	size_t failed;
	int err = 0;

	if (traces->count + t->options->captures.count > SOURCES_MAX)
		return fail(f, -E2BIG, "at most %d traces and captures", SOURCES_MAX);
	for (; !err && t->nr_traces < traces->count; t->nr_traces++) {
		err = trace_source_open(&t->sources[t->nr_traces],
					traces->items[t->nr_traces], &t->options->model,
					&t->clocks[t->nr_traces], f);
		t->nr_sources++;
	}
	if (!err && t->nr_traces) {
		err = axis_align(t->clocks, t->nr_traces, &failed, f);
		if (err)
			err = fail_in(f, err, "%s", t->sources[failed]->path);
	}
	return err ? err : open_captures(t, f);
}

static void say_alignment(const struct timeline *t)
{
	char add[UNIT_TEXT], error[UNIT_TEXT];

	for (size_t i = 1; i < t->nr_traces; i++) {
		const struct axis_clock *c = &t->clocks[i];
		const struct axis_point *first = c->points;
		double shift = (double)first->axis_ns - (double)first->own_ns;

		time_text(add, fabs(shift));
		fprintf(stderr, "# %s: ", t->sources[i]->name);
		if (c->how == AXIS_OWN)
			fprintf(stderr, "the same clock as %s\n", t->sources[0]->name);
		else if (c->how == AXIS_SYNC)
			fprintf(stderr, "%s%s, by %zu comparison%s with %s, within %s\n",
				shift < 0 ? "-" : "+", add, c->nr_points,
				c->nr_points == 1 ? "" : "s", t->sources[c->by]->name,
				time_text(error, (double)c->error_ns));
		else
			fprintf(stderr,
				"%s%s, by the wall clocks of both hosts: wrong by as "
				"much as those are apart\n",
				shift < 0 ? "-" : "+", add);
	}
}

/* What the control messages say of where the captures lie. */
static void say_bracket(const struct timeline *t)
{
	const struct bracket *b = &t->bracket;
	char least[UNIT_TEXT], most[UNIT_TEXT];
	bool fits = b->least_ns <= 0 && b->most_ns >= 0;

	if (t->nr_sources == t->nr_traces || !t->nr_traces)
		return;
	if (!b->after && !b->before) {
		fprintf(stderr,
			"# captures: by the wall clock; no control message is both in "
			"them and in a trace, so how well nobody knows\n");
		return;
	}
	fprintf(stderr,
		"# captures: by the wall clock; %" PRIu64 " control messages allow",
		b->after > b->before ? b->after : b->before);
	if (b->after)
		fprintf(stderr, " %s%s", b->least_ns <= 0 ? "-" : "+",
			time_text(least, fabs((double)b->least_ns)));
	if (b->before)
		fprintf(stderr, "%s%s%s", b->after ? " to " : " up to ",
			b->most_ns < 0 ? "-" : "+",
			time_text(most, fabs((double)b->most_ns)));
	fprintf(stderr, "%s\n", fits ? "" : ": they are not where they belong");
}

/* "12.5": the axis' seconds; "+12.5": from the first entry's time on. */
static int parse_time(const char *text, uint64_t start_ns, uint64_t *ns,
		      struct failure *f)
{
	bool relative = *text == '+';
	int err = time_parse(text + relative, NS_PER_S, ns, f);

	if (!err && relative)
		*ns += start_ns;
	return err;
}

static int choose_window(struct timeline *t, struct failure *f)
{
	const struct timeline_options *o = t->options;
	struct listing *l = &t->listing;
	uint64_t start = UINT64_MAX, key, from, until, margin;
	int err = 0;

	l->until_ns = UINT64_MAX;
	for (size_t i = 0; i < t->nr_sources; i++)
		if (t->sources[i]->has_next && t->sources[i]->next_ns < start)
			start = t->sources[i]->next_ns;
	if (o->from)
		err = parse_time(o->from, start, &l->from_ns, f);
	if (!err && o->to)
		err = parse_time(o->to, start, &l->until_ns, f);
	if (err || !o->around)
		return err;
	number_parse(o->around, &key, NULL);
	err = trace_source_find(t->sources[0], key, &from, &until, f);
	if (err)
		return err;
	margin = o->margin_ns ? o->margin_ns : until - from;
	l->from_ns = from > margin ? from - margin : 0;
	l->until_ns = until + margin;
	return 0;
}

static void name_sources(struct timeline *t)
{
	for (size_t i = 0; i < t->nr_sources; i++) {
		struct source *s = t->sources[i];
		int width = (int)strlen(s->name);

		s->listing = &t->listing;
		s->bracket = &t->bracket;
		if (width > t->listing.name_width)
			t->listing.name_width =
				width < NAME_WIDTH_MAX ? width : NAME_WIDTH_MAX;
	}
}

/* The one that stands at the earliest item; NULL: all are at their ends. */
static struct source *earliest(const struct timeline *t)
{
	struct source *first = NULL;

	for (size_t i = 0; i < t->nr_sources; i++)
		if (t->sources[i]->has_next &&
		    (!first || t->sources[i]->next_ns < first->next_ns))
			first = t->sources[i];
	return first;
}

static int merge(struct timeline *t, struct failure *f)
{
	struct source *s;
	int err = 0;

	while (!err && (s = earliest(t)) && s->next_ns <= t->listing.until_ns) {
		err = s->kind->take(s, f);
		if (!err)
			err = s->kind->advance(s, f);
		if (!err && t->listing.lines.error)
			err = listing_flush(&t->listing, f);
		if (++t->items % CHECK_EVERY == 0) {
			progress("%" PRIu64 " entries", t->listing.entries);
			if (stop_requested())
				break;
		}
	}
	for (size_t i = 0; !err && i < t->nr_sources; i++)
		t->sources[i]->kind->end(t->sources[i]);
	progress_end();
	return err ? err : listing_flush(&t->listing, f);
}

static int work(struct timeline *t, struct failure *f)
{
	int err = open_sources(t, f);

	if (err)
		return err;
	name_sources(t);
	for (size_t i = 0; !err && i < t->nr_sources; i++)
		err = t->sources[i]->kind->advance(t->sources[i], f);
	if (!err)
		err = choose_window(t, f);
	if (err)
		return err;
	say_alignment(t);
	err = merge(t, f);
	if (err)
		return err;
	say_bracket(t);
	if (!t->listing.entries)
		return fail(f, -ENODATA, "nothing to show%s",
			    t->listing.hidden ? " in this window and of these kinds"
					      : "");
	return 0;
}

static int verdict(const struct timeline *t)
{
	int status = EXIT_FINE;

	for (size_t i = 0; i < t->nr_sources; i++) {
		const char *damage = t->sources[i]->kind->damage(t->sources[i]);

		if (!damage)
			continue;
		command_warn("timeline", "%s is incomplete: %s", t->sources[i]->path,
			     damage);
		status = EXIT_FAILED;
	}
	if (stop_requested()) {
		command_warn("timeline", "stopped by a signal: the rest was not read");
		status = EXIT_FAILED;
	}
	return status;
}

static int run(const struct timeline_options *options, unsigned kinds)
{
	struct timeline *t = calloc(1, sizeof(*t));
	struct failure f = {"no memory"};
	int err, status;

	if (!t)
		return command_failed("timeline", &f);
	t->options = options;
	t->listing.json = options->json;
	t->listing.kinds = kinds;
	t->listing.lines.fd = STDOUT_FILENO;
	bracket_init(&t->bracket);
	err = work(t, &f);
	if (err == -EPIPE)
		status = EXIT_FINE;
	else
		status = err ? command_failed("timeline", &f) : verdict(t);
	for (size_t i = 0; i < t->nr_sources; i++)
		if (t->sources[i])
			t->sources[i]->kind->close(t->sources[i]);
	for (size_t i = 0; i < t->nr_traces; i++)
		axis_clock_release(&t->clocks[i]);
	free(t);
	return status;
}

#define AT(member) offsetof(struct timeline_options, member)

static const struct option_row rows[] = {
	{"input", 'i', OPTION_LIST, AT(traces), "FILE",
	 "a trace; may be given again (default perf.data); its clock is the first's axis",
	 0, 0},
	{"pcap", 0, OPTION_LIST, AT(captures), "FILE[@N]",
	 "a capture of AF_VSOCK, made on the host of the first trace, or of trace N", 0,
	 0},
	{"from", 0, OPTION_STRING, AT(from), "TIME",
	 "only from this time on: the axis' seconds, or +TIME from its start", 0, 0},
	{"to", 0, OPTION_STRING, AT(to), "TIME", "… and up to this one", 0, 0},
	{"around", 0, OPTION_STRING, AT(around), "ID",
	 "only while the request with this id of the first trace was under way", 0, 0},
	{"margin", 0, OPTION_TIME, AT(margin_ns), "TIME",
	 "with --around: so long before and after (default: its latency)", 0, 0},
	{"only", 0, OPTION_LIST, AT(only), "KIND,...",
	 "only control, clock, packet, request, poll, stall, loss; may be given again", 0,
	 0},
	MODEL_OPTION_ROWS(struct timeline_options, model),
	{"json", 0, OPTION_FLAG, AT(json), NULL, "one JSON object per line", 0, 0},
	{0},
};

static const struct usage usage = {
	.command = "timeline",
	.synopsis =
		"[-i FILE]... [--pcap FILE]... [--from TIME] [--to TIME | --around ID]",
	.summary = "Show traces of several hosts and captures on one axis.",
	.rows = rows,
	.more = "Examples:\n"
		"  fathom timeline -i host.data -i agent.data --pcap host.pcap\n"
		"  fathom timeline -i agent.data -i host.data --around 4711\n",
};

/* Bits of the kinds that --only names; 0: a word is none. */
static unsigned parse_kinds(const struct string_list *only, const char **wrong)
{
	unsigned kinds = only->count ? 0 : (1U << ENTRY_KINDS) - 1;

	for (size_t i = 0; i < only->count; i++) {
		for (const char *at = only->items[i]; *at;) {
			size_t size = strcspn(at, ",");
			unsigned kind = 0;

			while (kind < ENTRY_KINDS &&
			       (strlen(entry_kind_words[kind]) != size ||
				memcmp(entry_kind_words[kind], at, size)))
				kind++;
			*wrong = at;
			if (kind == ENTRY_KINDS)
				return 0;
			kinds |= 1U << kind;
			at += size + (at[size] == ',');
		}
	}
	return kinds;
}

static int check_and_run(struct timeline_options *o, const char *operand)
{
	static const char *usual[] = {"perf.data"};
	const char *wrong = "";
	unsigned kinds = parse_kinds(&o->only, &wrong);
	struct failure f;
	uint64_t number;

	if (operand)
		return options_complain(&usage, "unexpected argument '%.60s'", operand);
	if (!kinds)
		return options_complain(&usage, "--only: there is no kind '%.20s'",
					wrong);
	if (o->around && (o->from || o->to))
		return options_complain(&usage, "--around excludes --from and --to");
	if (o->around && number_parse(o->around, &number, &f))
		return options_complain(&usage, "--around: %s", f.text);
	if (o->margin_ns && !o->around)
		return options_complain(&usage, "--margin needs --around");
	if (o->from && parse_time(o->from, 0, &number, &f))
		return options_complain(&usage, "--from: %s", f.text);
	if (o->to && parse_time(o->to, 0, &number, &f))
		return options_complain(&usage, "--to: %s", f.text);
	if (model_options_check(&o->model, &f))
		return options_complain(&usage, "%s", f.text);
	if (o->around && !o->traces.count && o->captures.count)
		return options_complain(&usage, "--around needs a trace");
	if (!o->traces.count && !o->captures.count)
		o->traces = (struct string_list){usual, 1};
	stop_on_signals();
	return run(o, kinds);
}

int cmd_timeline(int argc, char **argv)
{
	struct timeline_options options = {0};
	int at = options_parse(&usage, argc, argv, &options);
	bool given = options.traces.count;
	int status = at < 0 ? options_exit(at) : check_and_run(&options, argv[at]);

	if (given)
		string_list_free(&options.traces);
	string_list_free(&options.captures);
	string_list_free(&options.only);
	model_options_release(&options.model);
	return status;
}
