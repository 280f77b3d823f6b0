// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Generates the BPF code of a filter: it returns from the program for a hit that does not
 * pass, before any room in the ring is reserved.
 *
 * Each node leaves 0 or 1 in r0; && and || skip their right side as C does. Text is read
 * onto the stack, one byte more than the filter's, and compared in words.
 */
#include <string.h>

#include "collector/fetch_generator.h"
#include "trace/filter.h"

enum { DIFFERENCES_MAX = FILTER_TEXT_MAX / 8 + 6 };

/* Jumps to the place where the texts are known to differ. */
struct differences {
	size_t jumps[DIFFERENCES_MAX];
	size_t count;
};

static unsigned condition(enum filter_compare compare, bool is_signed)
{
	switch (compare) {
	case COMPARE_EQUAL:
		return BPF_JEQ;
	case COMPARE_DIFFERENT:
		return BPF_JNE;
	case COMPARE_LESS:
		return is_signed ? BPF_JSLT : BPF_JLT;
	case COMPARE_LESS_EQUAL:
		return is_signed ? BPF_JSLE : BPF_JLE;
	case COMPARE_MORE:
		return is_signed ? BPF_JSGT : BPF_JGT;
	case COMPARE_MORE_EQUAL:
		return is_signed ? BPF_JSGE : BPF_JGE;
	default:
		return BPF_JSET;
	}
}

static void test_number(struct generator *g, const struct filter_node *node)
{
	const struct argument *a = &g->event->arguments[node->argument];
	struct bpf_code *c = g->code;
	size_t holds;

	fetch_load_argument(g, node->argument, BPF_REG_1);
	emit_wide(c, BPF_REG_2, 0, (uint64_t)node->number);
	emit_move_value(c, BPF_REG_0, 1);
	holds = emit_jump_register(c, condition(node->compare, a->is_signed), BPF_REG_1,
				   BPF_REG_2);
	emit_move_value(c, BPF_REG_0, 0);
	emit_land(c, holds);
}

/* Reads text to the stack if it can be of @length bytes. */
static void read_text(struct generator *g, unsigned argument, int32_t length,
		      struct differences *d)
{
	struct bpf_code *c = g->code;
	bool counted = fetch_load_length(g, argument, BPF_REG_1);

	if (counted)
		d->jumps[d->count++] = emit_jump(c, BPF_JNE, BPF_REG_1, length);
	fetch_load_argument(g, argument, BPF_REG_3);
	emit_move(c, BPF_REG_1, STACK);
	emit_alu_value(c, BPF_ADD, BPF_REG_1, TEXT);
	emit_move_value(c, BPF_REG_2, counted ? length : length + 2);
	if (counted)
		emit_call(c, BPF_FUNC_probe_read_user);
	else
		fetch_read_text(g);
	d->jumps[d->count++] = emit_jump(c, BPF_JNE, BPF_REG_0, counted ? 0 : length + 1);
}

static void compare_words(struct generator *g, const char *text, size_t length,
			  struct differences *d)
{
	struct bpf_code *c = g->code;
	unsigned bytes;

	for (size_t at = 0; at < length; at += bytes) {
		size_t left = length - at;
		uint64_t word = 0;

		bytes = left >= 8 ? 8 : left >= 4 ? 4 : left >= 2 ? 2 : 1;
		memcpy(&word, text + at, bytes);
		emit_load(c, bytes, BPF_REG_1, STACK, TEXT + (int)at);
		emit_wide(c, BPF_REG_2, 0, word);
		d->jumps[d->count++] =
			emit_jump_register(c, BPF_JNE, BPF_REG_1, BPF_REG_2);
	}
}

static void test_text(struct generator *g, const struct filter_node *node)
{
	bool equal = node->compare == COMPARE_EQUAL;
	struct differences d = {.count = 0};
	struct bpf_code *c = g->code;
	size_t length = strlen(node->text), same;

	read_text(g, node->argument, (int32_t)length, &d);
	compare_words(g, node->text, length, &d);
	emit_move_value(c, BPF_REG_0, equal);
	same = emit_jump_always(c);
	for (size_t i = 0; i < d.count; i++)
		emit_land(c, d.jumps[i]);
	emit_move_value(c, BPF_REG_0, !equal);
	emit_land(c, same);
}

static void test_node(struct generator *g, unsigned index)
{
	const struct filter *filter = g->event->filter;
	const struct filter_node *node = &filter->nodes[index];
	size_t decided;

	switch (node->kind) {
	case FILTER_OR:
	case FILTER_AND:
		test_node(g, node->left);
		decided = emit_jump(g->code, node->kind == FILTER_OR ? BPF_JNE : BPF_JEQ,
				    BPF_REG_0, 0);
		test_node(g, node->right);
		emit_land(g->code, decided);
		break;
	case FILTER_NOT:
		test_node(g, node->left);
		emit_alu_value(g->code, BPF_XOR, BPF_REG_0, 1);
		break;
	case FILTER_NUMBER:
		test_number(g, node);
		break;
	case FILTER_TEXT:
		test_text(g, node);
		break;
	}
}

void fetch_filter(struct generator *g)
{
	size_t passes;

	if (!g->event->filter)
		return;
	test_node(g, g->event->filter->root);
	passes = emit_jump(g->code, BPF_JNE, BPF_REG_0, 0);
	emit_return(g->code, 0);
	emit_land(g->code, passes);
}
