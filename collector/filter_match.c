// SPDX-License-Identifier: GPL-2.0-or-later
/* Tests a filter here, not in the kernel: on an event that was recorded. */
#include <string.h>

#include "collector/filter.h"
#include "trace/reader.h"

static bool compare(enum filter_compare how, int64_t value, int64_t number,
		    bool is_signed)
{
	uint64_t plain = (uint64_t)value, other = (uint64_t)number;
	bool less = is_signed ? value < number : plain < other;

	switch (how) {
	case COMPARE_EQUAL:
		return value == number;
	case COMPARE_DIFFERENT:
		return value != number;
	case COMPARE_LESS:
		return less;
	case COMPARE_LESS_EQUAL:
		return less || value == number;
	case COMPARE_MORE:
		return !less && value != number;
	case COMPARE_MORE_EQUAL:
		return !less;
	default:
		return (plain & other) != 0;
	}
}

static bool text_passes(const struct filter_node *node, const struct event *event,
			const struct event_field *field)
{
	size_t length, wanted = strlen(node->text);
	const char *text = event_string(event, field, &length);
	bool equal = text && length == wanted && !memcmp(text, node->text, wanted);

	return equal == (node->compare == COMPARE_EQUAL);
}

static bool node_passes(const struct filter *filter, unsigned index,
			const struct event *event,
			const struct event_field *const *fields)
{
	const struct filter_node *node = &filter->nodes[index];
	const struct event_field *field = fields[node->argument];

	switch (node->kind) {
	case FILTER_OR:
		return node_passes(filter, node->left, event, fields) ||
		       node_passes(filter, node->right, event, fields);
	case FILTER_AND:
		return node_passes(filter, node->left, event, fields) &&
		       node_passes(filter, node->right, event, fields);
	case FILTER_NOT:
		return !node_passes(filter, node->left, event, fields);
	case FILTER_TEXT:
		return field && text_passes(node, event, field);
	default:
		return field && compare(node->compare, event_integer(event, field),
					node->number, field->type.is_signed);
	}
}

bool filter_passes(const struct filter *filter, const struct event *event,
		   const struct event_field *const *fields)
{
	return node_passes(filter, filter->root, event, fields);
}
