// SPDX-License-Identifier: GPL-2.0-or-later
/* Where the time of requests went, for people. */
#include <inttypes.h>
#include <stdlib.h>

#include "analyzers/breakdown/breakdown.h"
#include "analyzers/requests_print.h"
#include "core/text.h"
#include "core/units.h"

enum {
	NAME_BYTES = 128,
	LINE_MIN = 24,
	LINE_MAX_COLUMNS = 160,
	LINE_INDENT = 4,
	NEIGHBOUR_COLUMNS = 38, /* what stands before a neighbour's line */
};

static const char *op_text(const struct breakdown *b, unsigned op, char *text,
			   size_t room)
{
	const char *word = requests_op_word(b->requests, op);

	text_escape(text, room, word, strlen(word), 0);
	return text;
}

static void figures(struct text_table *t, const struct histogram *h, double share)
{
	char text[UNIT_TEXT];

	text_cell(t, "%" PRIu64, h->count);
	text_cell(t, "%s", time_text(text, histogram_mean(h)));
	text_cell(t, "%s", time_text(text, (double)histogram_percentile(h, 50)));
	text_cell(t, "%s", time_text(text, (double)histogram_percentile(h, 99)));
	text_cell(t, "%.1f%%", 100 * share);
}

static void group_rows(struct text_table *t, const struct breakdown *b, unsigned number)
{
	const struct parts_group *group = b->parts.groups[number];
	double sum = (double)group->total.sum;
	uint8_t order[STAGES_MAX];
	unsigned nr = parts_order(group, order);
	char text[GROUP_TITLE_ROOM];

	text_cell(t, "%s", requests_group_title(b->requests, number, text));
	figures(t, &group->total, 1);
	text_cell(t, "(the stages add up to it)");
	for (unsigned i = 0; i < nr; i++) {
		const struct histogram *h = group->stages[order[i]];

		text_cell(t, "  %s", breakdown_stage_name(b, order[i]));
		figures(t, h, sum > 0 ? (double)h->sum / sum : 0);
		breakdown_stage_begins(b, order[i], text, sizeof(text));
		text_cell(t, "%s", text);
	}
}

static void print_table(const struct breakdown *b)
{
	static const char *const heads[] = {"requests", "mean",	 "p50",
					    "p99",	"share", "begins with"};
	const unsigned nr_heads = sizeof(heads) / sizeof(*heads);
	struct text_table *t = text_table_new(1 + nr_heads);
	uint16_t sorted[GROUPS_MAX + 1];
	unsigned nr = breakdown_groups(b, sorted);
	char words[GROUP_BY_TEXT];

	if (!t)
		return;
	text_cell(t, "%s, stage", grouping_words(&b->requests->grouping, words));
	for (unsigned i = 0; i < nr_heads; i++)
		text_cell(t, "%s", heads[i]);
	for (unsigned i = 0; i < nr; i++)
		group_rows(t, b, sorted[i]);
	text_table_print(t, stdout, false);
	text_table_free(t);
}

static void print_kernel(const struct breakdown *b)
{
	const struct kernel_path *k = &b->kernel;
	uint64_t found =
		k->joined[JOIN_KEY] + k->joined[JOIN_ORDER] + k->joined[JOIN_WORKER];

	putchar('\n');
	if (!k->has_io_uring && !k->has_block) {
		printf("note: no tracepoints of the kernel in the trace; record "
		       "--kernel shows what is below the program\n");
		return;
	}
	printf("in the kernel: %" PRIu64 " of %" PRIu64 " requests found (%" PRIu64
	       " by user_data, %" PRIu64 " in the order of their thread, %" PRIu64
	       " with io_uring's workers), %" PRIu64 " at a block device\n",
	       found, found + k->joined[JOIN_NONE], k->joined[JOIN_KEY],
	       k->joined[JOIN_ORDER], k->joined[JOIN_WORKER], k->reached_device);
	if (k->unseen)
		printf("note: %" PRIu64
		       " requests ended without a block_rq_complete in the "
		       "trace: their device stage holds what came behind it (some "
		       "kernels "
		       "record nothing in interrupts of an idle CPU)\n",
		       k->unseen);
	if (k->strange_bios || k->strange_data)
		printf("note: of the same threads, %" PRIu64 " block I/Os and %" PRIu64
		       " io_uring requests belong to no request of the model\n",
		       k->strange_bios, k->strange_data);
}

/* How times become columns. */
struct scale {
	uint64_t from_ns, to_ns;
	unsigned columns;
};

static unsigned column(const struct scale *s, uint64_t time_ns)
{
	if (time_ns <= s->from_ns)
		return 0;
	if (time_ns >= s->to_ns)
		return s->columns;
	return (unsigned)((double)(time_ns - s->from_ns) /
			  (double)(s->to_ns - s->from_ns) * s->columns);
}

static void fill(char *line, unsigned from, unsigned to, char c)
{
	for (; from < to && from < LINE_MAX_COLUMNS; from++)
		line[from] = c;
}

/* A row of the picture: who, when it came, how long it took, and @line. */
static void print_row(const struct breakdown *b, const struct neighbour *n,
		      uint64_t here_ns, const char *line)
{
	char when[UNIT_TEXT], took[UNIT_TEXT] = "...", op[16];
	bool earlier = n->submit_ns < here_ns;

	if (n->complete_ns)
		time_text(took, (double)(n->complete_ns - n->submit_ns));
	time_text(when,
		  (double)(earlier ? here_ns - n->submit_ns : n->submit_ns - here_ns));
	printf("%*s%-8.8s %10" PRIu64 " %c%-8s %8s %s\n", LINE_INDENT, "",
	       op_text(b, n->op, op, sizeof(op)), n->key, earlier ? '-' : '+', when, took,
	       line);
}

/* Letters for its stages, one behind the other. */
static void print_itself(const struct breakdown *b, const struct scale *s,
			 const struct slow_request *slow)
{
	const struct request *q = &slow->request;
	const struct life *l = &slow->life;
	char line[LINE_MAX_COLUMNS + 1] = "";

	fill(line, 0, column(s, q->complete_ns), ' ');
	for (unsigned i = 0; i < l->nr_marks; i++) {
		uint64_t until =
			i + 1 < l->nr_marks ? l->marks[i + 1].time_ns : q->complete_ns;

		fill(line, column(s, l->marks[i].time_ns), column(s, until),
		     (char)('a' + i));
	}
	print_row(b, &(struct neighbour){q->key, q->submit_ns, q->complete_ns, q->op},
		  q->submit_ns, line);
}

static void print_neighbour(const struct breakdown *b, const struct scale *s,
			    const struct slow_request *slow, const struct neighbour *n)
{
	unsigned from = column(s, n->submit_ns);
	unsigned to = column(s, n->complete_ns ? n->complete_ns : UINT64_MAX);
	char line[LINE_MAX_COLUMNS + 1] = "";

	if (to == from && to < s->columns)
		to++;
	fill(line, 0, from, ' ');
	fill(line, from, to, '-');
	print_row(b, n, slow->request.submit_ns, line);
}

/* By submit, itself among its neighbours. */
static void print_picture(const struct breakdown *b, const struct slow_request *slow)
{
	uint64_t begin = slow->request.submit_ns, end = slow->request.complete_ns;
	uint64_t margin = (end - begin) / 8 + 1;
	unsigned columns = text_columns(stdout), taken = LINE_INDENT + NEIGHBOUR_COLUMNS;
	unsigned i = 0;
	struct scale s = {.from_ns = begin > margin ? begin - margin : 0,
			  .to_ns = end + margin};

	s.columns = columns > taken + LINE_MIN ? columns - taken - 1 : LINE_MIN;
	if (s.columns > LINE_MAX_COLUMNS)
		s.columns = LINE_MAX_COLUMNS;
	for (; i < slow->nr_neighbours && slow->neighbours[i].submit_ns < begin; i++)
		print_neighbour(b, &s, slow, &slow->neighbours[i]);
	print_itself(b, &s, slow);
	for (; i < slow->nr_neighbours; i++)
		print_neighbour(b, &s, slow, &slow->neighbours[i]);
	if (slow->left_out && b->slowest.around)
		printf("%*s... and %" PRIu64 " more\n", LINE_INDENT, "", slow->left_out);
}

static void print_stages(const struct breakdown *b, const struct slow_request *slow)
{
	const struct life *l = &slow->life;
	char text[UNIT_TEXT];

	printf("%*s", LINE_INDENT, "");
	for (unsigned i = 0; i < l->nr_marks; i++) {
		uint64_t until = i + 1 < l->nr_marks ? l->marks[i + 1].time_ns
						     : slow->request.complete_ns;

		printf("%s%c %s %s", i ? ", " : "", 'a' + (int)i,
		       breakdown_stage_name(b, l->marks[i].stage),
		       time_text(text, (double)(until - l->marks[i].time_ns)));
	}
	putchar('\n');
}

static void print_meanwhile(const struct breakdown *b, const struct slow_request *slow)
{
	char poll[UNIT_TEXT], wait[UNIT_TEXT], off[UNIT_TEXT];

	printf("%*s%" PRIu32 " in flight on arrival (itself included), %" PRIu32
	       " writes among the others",
	       LINE_INDENT, "", slow->life.depth, slow->life.writes);
	if (b->has_loops)
		printf("; meanwhile its thread polled %s, waited %s",
		       time_text(poll, (double)slow->meanwhile.polling),
		       time_text(wait, (double)slow->meanwhile.waiting));
	if (b->kernel.has_sched)
		printf("%s was off its CPU %s", b->has_loops ? "," : "; its thread",
		       time_text(off, (double)slow->meanwhile.off_cpu));
	putchar('\n');
}

static void print_slow(const struct breakdown *b, unsigned number,
		       const struct slow_request *slow)
{
	const struct request *q = &slow->request;
	char op[NAME_BYTES], text[UNIT_TEXT];

	printf("%s%2u. %s id=%" PRIu64 " offset=%" PRIu64 " length=%" PRIu64
	       " thread=%d: %s, submitted at %" PRIu64 ".%09" PRIu64 "\n",
	       number == 1 && b->slowest.by_key ? "" : "\n", number,
	       op_text(b, q->op, op, sizeof(op)), q->key, q->offset, q->length, q->tid,
	       time_text(text, (double)(q->complete_ns - q->submit_ns)),
	       q->submit_ns / 1000000000, q->submit_ns % 1000000000);
	print_stages(b, slow);
	print_meanwhile(b, slow);
	print_picture(b, slow);
}

static void print_findings(const struct breakdown *b)
{
	struct finding found[FINDINGS_MAX];
	unsigned nr = findings_make(b, found);

	for (unsigned i = 0; i < nr; i++)
		printf("%s%s %s\n", i ? "" : "\n", "*", found[i].text);
}

/* Which requests it is about. */
static void print_where(const struct breakdown *b)
{
	const char *where = b->requests->where.text;
	char text[4 * NAME_BYTES];

	if (!where)
		return;
	text_escape(text, sizeof(text), where, strlen(where), 0);
	printf("%" PRIu64 " of these requests (%.3g%%), where %s\n\n", b->chosen,
	       100 * (double)b->chosen / (double)b->requests->requests, text);
}

void breakdown_print_text(const struct breakdown *b)
{
	requests_heading(b->requests);
	print_where(b);
	if (!b->slowest.by_key)
		print_table(b);
	for (unsigned i = 0; i < b->slowest.count; i++)
		print_slow(b, i + 1, &b->slowest.items[i]);
	if (!b->slowest.by_key)
		print_findings(b);
	print_kernel(b);
	requests_notes(b->requests, stdout);
}
