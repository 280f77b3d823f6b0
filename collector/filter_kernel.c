// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A filter as text for the kernel's event filters.
 * Grammar: Documentation/trace/events.rst, "Event filtering".
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector/plan_filter.h"
#include "collector/plan.h"

static void put_number(FILE *to, const struct filter_node *node, const struct argument *a)
{
	fprintf(to, "arg%u %s ", node->argument + 1U, filter_compare_text(node->compare));
	if (a->is_signed)
		fprintf(to, "%" PRId64, node->number);
	else
		fprintf(to, "%" PRIu64, (uint64_t)node->number);
}

static void put_node(FILE *to, const struct filter *filter, unsigned index,
		     const struct plan_event *event)
{
	const struct filter_node *node = &filter->nodes[index];
	char quote;

	switch (node->kind) {
	case FILTER_OR:
	case FILTER_AND:
		fputc('(', to);
		put_node(to, filter, node->left, event);
		fputs(node->kind == FILTER_OR ? " || " : " && ", to);
		put_node(to, filter, node->right, event);
		fputc(')', to);
		break;
	case FILTER_NOT:
		fputs("!(", to);
		put_node(to, filter, node->left, event);
		fputc(')', to);
		break;
	case FILTER_NUMBER:
		put_number(to, node, &event->arguments[node->argument]);
		break;
	case FILTER_TEXT:
		quote = strchr(node->text, '"') ? '\'' : '"';
		fprintf(to, "arg%u %s %c%s%c", node->argument + 1U,
			filter_compare_text(node->compare), quote, node->text, quote);
		break;
	}
}

int filter_kernel_text(char *out, size_t room, const struct filter *filter,
		       const struct plan_event *event)
{
	FILE *to = fmemopen(out, room, "w");
	int err = 0;

	if (!to)
		return -errno;
	put_node(to, filter, filter->root, event);
	if (fputc(0, to) == EOF || fflush(to) == EOF)
		err = -E2BIG;
	return fclose(to) == EOF ? -E2BIG : err;
}
