// SPDX-License-Identifier: GPL-2.0-or-later
/* What a filter of hits can name. */
#include "collector/plan_filter.h"

#include "collector/plan.h"
#include "collector/plan_argument.h"

static int find(void *user, const char *name, size_t size, struct filter_term *term,
		struct failure *f)
{
	const struct plan_event *event = user;
	int index = plan_argument_find(event, name, size, f);

	if (index >= 0)
		term->type = &event->arguments[index];
	return index;
}

int plan_filter_parse(struct filter **filter, const char *text,
		      const struct plan_event *event, struct failure *f)
{
	struct filter_vocabulary vocabulary = {
		.what = "the name of an argument",
		.find = find,
		.user = (void *)event,
	};

	return filter_parse(filter, text, &vocabulary, f);
}
