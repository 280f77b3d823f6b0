// SPDX-License-Identifier: GPL-2.0-or-later
/* Where the time of requests went, as JSON and CSV. */
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>

#include "analyzers/breakdown/breakdown.h"
#include "analyzers/json.h"
#include "analyzers/requests_print.h"
#include "core/text.h"

enum { NAME_BYTES = 128 };

static const struct {
	const char *name;
	double percent;
} percentiles[] = {{"50", 50}, {"90", 90}, {"99", 99}, {"99.9", 99.9}};

enum { NR_PERCENTILES = sizeof(percentiles) / sizeof(*percentiles) };

static json_t *json_figures(const struct histogram *h)
{
	json_t *p = json_object();

	for (unsigned i = 0; i < NR_PERCENTILES; i++)
		json_object_set_new(p, percentiles[i].name,
				    json_integer((json_int_t)histogram_percentile(
					    h, percentiles[i].percent)));
	return json_pack("{s:I, s:I, s:f, s:I, s:I, s:o}", "count", (json_int_t)h->count,
			 "sum_ns", (json_int_t)h->sum, "mean_ns", histogram_mean(h),
			 "min_ns", (json_int_t)(h->count ? h->min : 0), "max_ns",
			 (json_int_t)h->max, "percentiles_ns", p);
}

static json_t *json_text(const char *text)
{
	char escaped[NAME_BYTES];

	text_escape(escaped, sizeof(escaped), text, strlen(text), 0);
	return json_string(escaped);
}

static double share_of(const struct parts_group *group, unsigned stage)
{
	return group->total.sum
		       ? (double)group->stages[stage]->sum / (double)group->total.sum
		       : 0;
}

static json_t *json_group(const struct breakdown *b, unsigned number)
{
	const struct parts_group *group = b->parts.groups[number];
	json_t *all = json_figures(&group->total), *stages = json_array();
	uint8_t order[STAGES_MAX];
	unsigned nr = parts_order(group, order);
	char begins[NAME_BYTES];

	for (unsigned i = 0; i < nr; i++) {
		json_t *stage = json_figures(group->stages[order[i]]);

		breakdown_stage_begins(b, order[i], begins, sizeof(begins));
		json_object_set_new(stage, "stage",
				    json_text(breakdown_stage_name(b, order[i])));
		json_object_set_new(stage, "begins", json_text(begins));
		json_object_set_new(stage, "share", json_real(share_of(group, order[i])));
		json_array_append_new(stages, stage);
	}
	json_object_set_new(all, "stages", stages);
	return requests_group_json(b->requests, number, all);
}

static json_t *json_stages(const struct breakdown *b, const struct slow_request *slow)
{
	const struct life *l = &slow->life;
	json_t *stages = json_array();

	for (unsigned i = 0; i < l->nr_marks; i++) {
		uint64_t until = i + 1 < l->nr_marks ? l->marks[i + 1].time_ns
						     : slow->request.complete_ns;

		json_array_append_new(
			stages,
			json_pack("{s:o, s:I, s:I}", "stage",
				  json_text(breakdown_stage_name(b, l->marks[i].stage)),
				  "from_ns",
				  (json_int_t)(l->marks[i].time_ns -
					       slow->request.submit_ns),
				  "ns", (json_int_t)(until - l->marks[i].time_ns)));
	}
	return stages;
}

static json_t *json_neighbours(const struct breakdown *b, const struct slow_request *slow)
{
	json_t *neighbours = json_array();

	for (unsigned i = 0; i < slow->nr_neighbours; i++) {
		const struct neighbour *n = &slow->neighbours[i];

		json_array_append_new(
			neighbours,
			json_pack("{s:I, s:o, s:I, s:o}", "id", (json_int_t)n->key, "op",
				  json_text(requests_op_word(b->requests, n->op)),
				  "submit_ns", (json_int_t)n->submit_ns, "complete_ns",
				  n->complete_ns
					  ? json_integer((json_int_t)n->complete_ns)
					  : json_null()));
	}
	return neighbours;
}

static json_t *json_slow(const struct breakdown *b, const struct slow_request *slow)
{
	const struct request *q = &slow->request;

	return json_pack("{s:I, s:o, s:I, s:I, s:i, s:i, s:i, s:I, s:I, s:I, s:I, s:I,"
			 " s:{s:I, s:I, s:I}, s:o, s:o}",
			 "id", (json_int_t)q->key, "op",
			 json_text(requests_op_word(b->requests, q->op)), "offset",
			 (json_int_t)q->offset, "length", (json_int_t)q->length, "fd",
			 q->fd, "pid", q->pid, "tid", q->tid, "submit_ns",
			 (json_int_t)q->submit_ns, "latency_ns",
			 (json_int_t)(q->complete_ns - q->submit_ns), "result",
			 (json_int_t)q->result, "depth", (json_int_t)slow->life.depth,
			 "writes_in_flight", (json_int_t)slow->life.writes, "meanwhile",
			 "polling_ns", (json_int_t)slow->meanwhile.polling, "waiting_ns",
			 (json_int_t)slow->meanwhile.waiting, "off_cpu_ns",
			 (json_int_t)slow->meanwhile.off_cpu, "stages",
			 json_stages(b, slow), "neighbours", json_neighbours(b, slow));
}

static json_t *json_kernel(const struct kernel_path *k)
{
	return json_pack(
		"{s:b, s:b, s:b, s:{s:I, s:I, s:I, s:I}, s:I, s:I, s:I, s:I}", "io_uring",
		k->has_io_uring, "block", k->has_block, "sched", k->has_sched, "joined",
		"by_key", (json_int_t)k->joined[JOIN_KEY], "in_order",
		(json_int_t)k->joined[JOIN_ORDER], "by_worker",
		(json_int_t)k->joined[JOIN_WORKER], "not",
		(json_int_t)k->joined[JOIN_NONE], "reached_device",
		(json_int_t)k->reached_device, "unseen_completes", (json_int_t)k->unseen,
		"strange_bios", (json_int_t)k->strange_bios, "strange_user_data",
		(json_int_t)k->strange_data);
}

int breakdown_print_json(const struct breakdown *b)
{
	json_t *groups = json_array(), *slowest = json_array(), *said = json_array();
	struct finding found[FINDINGS_MAX];
	unsigned nr = findings_make(b, found);
	json_t *all = requests_json(b->requests);
	uint16_t sorted[GROUPS_MAX + 1];
	unsigned nr_groups = breakdown_groups(b, sorted);

	for (unsigned i = 0; i < nr_groups; i++)
		json_array_append_new(groups, json_group(b, sorted[i]));
	for (unsigned i = 0; i < b->slowest.count; i++)
		json_array_append_new(slowest, json_slow(b, &b->slowest.items[i]));
	for (unsigned i = 0; i < nr; i++)
		json_array_append_new(said, json_pack("{s:s, s:s}", "name", found[i].name,
						      "text", found[i].text));
	json_object_set_new(all, "kernel", json_kernel(&b->kernel));
	json_object_set_new(all, "by", requests_by_json(b->requests));
	json_object_set_new(all, "where",
			    b->requests->where.text ? json_text(b->requests->where.text)
						    : json_null());
	json_object_set_new(all, "chosen", json_integer((json_int_t)b->chosen));
	json_object_set_new(all, "groups", groups);
	json_object_set_new(all, "slowest", slowest);
	json_object_set_new(all, "findings", said);
	json_object_set_new(all, "asked", asked_json(&b->asked));
	return json_print(all);
}

static void csv_rows(struct text_table *t, const struct breakdown *b, unsigned number)
{
	const struct parts_group *group = b->parts.groups[number];
	char text[NAME_BYTES];
	uint8_t order[STAGES_MAX];
	unsigned nr = parts_order(group, order);

	for (unsigned i = 0; i < nr; i++) {
		const struct histogram *h = group->stages[order[i]];

		requests_group_cells(t, b->requests, number, true);
		text_cell(t, "%s", breakdown_stage_name(b, order[i]));
		breakdown_stage_begins(b, order[i], text, sizeof(text));
		text_cell(t, "%s", text);
		text_cell(t, "%" PRIu64, h->count);
		text_cell(t, "%.1f", histogram_mean(h));
		text_cell(t, "%" PRIu64, histogram_percentile(h, 50));
		text_cell(t, "%" PRIu64, histogram_percentile(h, 99));
		text_cell(t, "%" PRIu64, h->sum);
		text_cell(t, "%.6f", share_of(group, order[i]));
	}
}

int breakdown_print_csv(const struct breakdown *b)
{
	static const char *const heads[] = {"stage",  "begins", "count",  "mean_ns",
					    "p50_ns", "p99_ns", "sum_ns", "share"};
	const unsigned nr_heads = sizeof(heads) / sizeof(*heads);
	struct text_table *t = text_table_new(b->requests->grouping.nr_levels + nr_heads);
	uint16_t sorted[GROUPS_MAX + 1];
	unsigned nr = breakdown_groups(b, sorted);

	if (!t)
		return -ENOMEM;
	requests_group_heads(t, b->requests);
	for (unsigned i = 0; i < nr_heads; i++)
		text_cell(t, "%s", heads[i]);
	for (unsigned i = 0; i < nr; i++)
		csv_rows(t, b, sorted[i]);
	text_table_print(t, stdout, true);
	text_table_free(t);
	return 0;
}
