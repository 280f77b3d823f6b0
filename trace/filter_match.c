// SPDX-License-Identifier: GPL-2.0-or-later
/* Tests filters here, not in the kernel. */
#include <string.h>

#include "trace/filter.h"
#include "trace/reader.h"

_Static_assert(FILTER_NODES_MAX <= 64, "a bit for each");

bool filter_number_holds(const struct filter_node *node, int64_t value, bool is_signed)
{
	int64_t number = node->number;
	uint64_t plain = (uint64_t)value, other = (uint64_t)number;
	bool less = is_signed ? value < number : plain < other;

	switch (node->compare) {
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

bool filter_text_holds(const struct filter_node *node, const char *text, size_t length)
{
	bool equal = text && length == strlen(node->text) &&
		     !memcmp(text, node->text, length);

	return equal == (node->compare == COMPARE_EQUAL);
}

bool filter_field_holds(const struct filter_node *node, const struct event *event,
			const struct event_field *field)
{
	bool is_text = field->type.kind == ARGUMENT_STRING;
	size_t length;
	const char *text;

	if (is_text != (node->kind == FILTER_TEXT) || field->type.kind == ARGUMENT_FLOAT)
		return false;
	if (!is_text)
		return filter_number_holds(node, event_integer(event, field),
					   field->type.is_signed);
	text = event_string(event, field, &length);
	return filter_text_holds(node, text, length);
}

static bool node_passes(const struct filter *filter, unsigned index, uint64_t holds)
{
	const struct filter_node *node = &filter->nodes[index];

	switch (node->kind) {
	case FILTER_OR:
		return node_passes(filter, node->left, holds) ||
		       node_passes(filter, node->right, holds);
	case FILTER_AND:
		return node_passes(filter, node->left, holds) &&
		       node_passes(filter, node->right, holds);
	case FILTER_NOT:
		return !node_passes(filter, node->left, holds);
	default:
		return holds >> index & 1;
	}
}

bool filter_passes(const struct filter *filter, uint64_t holds)
{
	return node_passes(filter, filter->root, holds);
}
