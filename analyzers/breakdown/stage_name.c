// SPDX-License-Identifier: GPL-2.0-or-later
/* What stages are called, and the event that begins each. */
#include <stdio.h>

#include "analyzers/breakdown/breakdown.h"

static const struct {
	const char *name, *begins;
} stages[STAGE_MODEL] = {
	[STAGE_SUBMIT] = {"submit", NULL},
	[STAGE_IO_URING] = {"io_uring", "io_uring:io_uring_submit_req"},
	[STAGE_BLOCK] = {"block", "block:block_bio_queue"},
	[STAGE_DEVICE] = {"device", "block:block_rq_issue"},
	[STAGE_FINISH] = {"finish", "block:block_rq_complete"},
	[STAGE_OFF_CPU] = {"off-cpu", "sched:sched_switch"},
	[STAGE_REAP] = {"reap", "io_uring:io_uring_complete"},
};

const char *breakdown_stage_name(const struct breakdown *b, unsigned stage)
{
	const struct model *model = b->requests->model;

	if (stage < STAGE_MODEL)
		return stages[stage].name;
	return stage - STAGE_MODEL < model->nr_stages ? model->stages[stage - STAGE_MODEL]
						      : "?";
}

/* The first line of the model that has the role, and the stage. */
static const struct model_line *find_line(const struct model *model, unsigned roles,
					  unsigned stage)
{
	for (size_t i = 0; i < model->nr_lines; i++)
		if (1U << model->lines[i].role & roles &&
		    (model->lines[i].role != ROLE_STAGE ||
		     model->lines[i].stage == stage))
			return &model->lines[i];
	return NULL;
}

void breakdown_stage_begins(const struct breakdown *b, unsigned stage, char *text,
			    size_t room)
{
	const struct model_line *line = NULL;

	if (stage == STAGE_SUBMIT)
		line = find_line(b->requests->model, 1U << ROLE_SUBMIT, 0);
	else if (stage >= STAGE_MODEL)
		line = find_line(b->requests->model, 1U << ROLE_STAGE,
				 stage - STAGE_MODEL);
	else if (stage == STAGE_REAP && !b->kernel.has_io_uring)
		line = find_line(b->requests->model,
				 1U << ROLE_WAIT_END | 1U << ROLE_POLL_END, 0);
	if (line)
		snprintf(text, room, "%s:%s", line->provider, line->probe);
	else
		snprintf(text, room, "%s",
			 stage < STAGE_MODEL && stages[stage].begins
				 ? stages[stage].begins
				 : "");
}
