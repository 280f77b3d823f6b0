// SPDX-License-Identifier: GPL-2.0-or-later
/* Sorted ranges of addresses, each with its entry of the debug information. */
#include "collector/dwarf_ranges.h"

#include <errno.h>
#include <stdlib.h>

enum { RANGES_MAX = 10000000 };

int dwarf_ranges_add(struct dwarf_ranges *r, uint64_t low, uint64_t high,
		     const Dwarf_Die *die, size_t unit)
{
	if (high <= low || r->count >= RANGES_MAX)
		return 0;
	if (r->count % 64 == 0) {
		struct dwarf_range *items =
			reallocarray(r->items, r->count + 64, sizeof(*items));

		if (!items)
			return -ENOMEM;
		r->items = items;
	}
	r->items[r->count++] =
		(struct dwarf_range){.low = low, .high = high, .die = *die, .unit = unit};
	return 0;
}

int dwarf_ranges_add_code(struct dwarf_ranges *r, Dwarf_Die *die, const Dwarf_Die *is,
			  size_t unit)
{
	Dwarf_Addr base, low, high;
	ptrdiff_t at = 0;
	int err = 0;

	while (!err && (at = dwarf_ranges(die, at, &base, &low, &high)) > 0)
		if (low) /* 0: the linker dropped it */
			err = dwarf_ranges_add(r, low, high, is, unit);
	return err;
}

static int order_ranges(const void *a, const void *b)
{
	const struct dwarf_range *x = a, *y = b;

	return x->low < y->low ? -1 : x->low > y->low;
}

void dwarf_ranges_sort(struct dwarf_ranges *r)
{
	if (r->count)
		qsort(r->items, r->count, sizeof(*r->items), order_ranges);
}

const struct dwarf_range *dwarf_ranges_find(const struct dwarf_ranges *r,
					    uint64_t address)
{
	size_t low = 0, high = r->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (r->items[middle].low <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low && address < r->items[low - 1].high ? &r->items[low - 1] : NULL;
}
