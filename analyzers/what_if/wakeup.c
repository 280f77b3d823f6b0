// SPDX-License-Identifier: GPL-2.0-or-later
/* What a wake-up takes, from the waits of a trace. */
#include "analyzers/what_if/wakeup.h"

#include <errno.h>
#include <stdlib.h>

const char *const wakeup_words[WAKEUP_SOURCES] = {
	[WAKEUP_GIVEN] = "given",
	[WAKEUP_DIFFERENCE] = "difference",
	[WAKEUP_KERNEL] = "kernel",
	[WAKEUP_ASSUMED] = "assumed",
};

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static uint64_t median(uint64_t *values, size_t nr)
{
	qsort(values, nr, sizeof(*values), compare);
	return values[nr / 2];
}

/* From the kernel's waking to the loop's. */
static size_t gather_woken(uint64_t *to, const struct traced_wait *waits, size_t nr)
{
	size_t found = 0;

	for (size_t i = 0; i < nr; i++)
		if (waits[i].woken_ns && !waits[i].naps)
			to[found++] = waits[i].block_ns - waits[i].woken_ns;
	return found;
}

static bool slept_at_once(const struct traced_wait *wait)
{
	return !wait->found_ns && !wait->window_ns && !wait->naps;
}

/* A loop that naps has slept at once where the event came before the end of its nap:
 * those waits are the short ones, and compare with nothing. */
static bool naps(const struct traced_wait *waits, size_t nr)
{
	for (size_t i = 0; i < nr; i++)
		if (waits[i].naps)
			return true;
	return false;
}

/* The longest window with which a quarter of the polled waits began, at least. */
static uint64_t usual_window(uint64_t *scratch, const struct traced_wait *waits,
			     size_t nr)
{
	size_t found = 0;

	for (size_t i = 0; i < nr; i++)
		if (waits[i].window_ns)
			scratch[found++] = waits[i].window_ns;
	if (found < WAKEUP_WAITS_LEAST)
		return 0;
	qsort(scratch, found, sizeof(*scratch), compare);
	return scratch[found * 3 / 4];
}

/*
 * Among the waits polled with that window or a longer one, a share is found within it;
 * the quantile in the middle of that share is compared with the same one of the waits
 * that slept. Returns 0 if there is not enough of either.
 */
static uint64_t difference(uint64_t *scratch, const struct traced_wait *waits, size_t nr,
			   uint64_t *used)
{
	uint64_t window = usual_window(scratch, waits, nr), polled, slept;
	size_t found = 0, began = 0, rank;

	for (size_t i = 0; window && i < nr; i++) {
		began += waits[i].window_ns >= window;
		if (waits[i].window_ns >= window && waits[i].found_ns && !waits[i].naps &&
		    waits[i].found_ns <= window)
			scratch[found++] = waits[i].found_ns;
	}
	if (found < WAKEUP_WAITS_LEAST)
		return 0;
	polled = median(scratch, found);
	rank = found;
	found = 0;
	for (size_t i = 0; i < nr; i++)
		if (slept_at_once(&waits[i]))
			scratch[found++] = waits[i].block_ns;
	if (found < WAKEUP_WAITS_LEAST)
		return 0;
	qsort(scratch, found, sizeof(*scratch), compare);
	slept = scratch[found * rank / began / 2];
	if (slept <= polled)
		return 0;
	*used = found;
	return slept - polled;
}

int wakeup_estimate(struct wakeup *wakeup, const struct traced_wait *waits, size_t nr)
{
	uint64_t *scratch = calloc(nr ? nr : 1, sizeof(*scratch));
	size_t woken;

	*wakeup = (struct wakeup){0, WAKEUP_ASSUMED, 0};
	if (!scratch)
		return -ENOMEM;
	if (!naps(waits, nr))
		wakeup->ns = difference(scratch, waits, nr, &wakeup->waits);
	if (wakeup->ns) {
		wakeup->source = WAKEUP_DIFFERENCE;
	} else {
		woken = gather_woken(scratch, waits, nr);
		wakeup->ns = WAKEUP_ASSUMED_NS;
		if (woken >= WAKEUP_WAITS_LEAST) {
			wakeup->ns = median(scratch, woken);
			wakeup->source = WAKEUP_KERNEL;
			wakeup->waits = woken;
		}
	}
	free(scratch);
	return 0;
}
