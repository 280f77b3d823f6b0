// SPDX-License-Identifier: GPL-2.0-or-later
/* What the figures say, in words. */
#include "analyzers/breakdown/findings.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include "analyzers/breakdown/breakdown.h"
#include "core/text.h"
#include "core/units.h"

void findings_init(struct findings *f)
{
	*f = (struct findings){0};
	histogram_init(&f->hasty_ns);
}

void findings_wait(struct findings *f, uint64_t since_ns, uint64_t answer_ns,
		   uint64_t woke_ns)
{
	uint64_t waited = answer_ns - since_ns, waking = woke_ns - answer_ns;

	f->waits.count++;
	f->waits.sum_ns += waking;
	if (waited >= waking)
		return;
	f->hasty.count++;
	f->hasty.sum_ns += waking;
	histogram_add(&f->hasty_ns, waited);
}

static double mean(const struct few *few)
{
	return few->count ? (double)few->sum_ns / (double)few->count : 0;
}

static void say(struct finding *to, const char *name, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static void say(struct finding *to, const char *name, const char *format, ...)
{
	va_list list;

	to->name = name;
	va_start(list, format);
	vsnprintf(to->text, sizeof(to->text), format, list);
	va_end(list);
}

/* The share of the stages in the time of all requests. */
static double share(const struct parts_group *all, unsigned stage)
{
	const struct histogram *h = all->stages[stage];

	return h && all->total.sum ? (double)h->sum / (double)all->total.sum : 0;
}

/* Rule: reads that meet writes take half as long again as those that do not, or more. */
static bool reads_behind_writes(const struct breakdown *b, struct finding *to)
{
	const struct few *alone = &b->findings.reads_alone;
	const struct few *behind = &b->findings.reads_behind;
	char slow[UNIT_TEXT], fast[UNIT_TEXT];

	if (alone->count < FINDING_COUNT || behind->count < FINDING_COUNT ||
	    mean(behind) < 1.5 * mean(alone))
		return false;
	say(to, "reads_behind_writes",
	    "reads wait behind writes: %" PRIu64
	    " that came while writes were in flight took %s on average, the other "
	    "%" PRIu64 " took %s",
	    behind->count, time_text(slow, mean(behind)), alone->count,
	    time_text(fast, mean(alone)));
	return true;
}

/* Rule: in a tenth of the waits or more, waking took longer than the answer. */
static bool slept_too_soon(const struct breakdown *b, struct finding *to)
{
	const struct findings *f = &b->findings;
	char answer[UNIT_TEXT], waking[UNIT_TEXT], window[UNIT_TEXT];

	if (f->hasty.count < FINDING_COUNT || f->hasty.count * 10 < f->waits.count)
		return false;
	say(to, "slept_too_soon",
	    "the loop slept although the answer was near: in %" PRIu64 " of %" PRIu64
	    " waits (%.0f%%) it came %s later (p50) and waking took %s on average; "
	    "polling for %s would have seen nine of ten of these",
	    f->hasty.count, f->waits.count,
	    100 * (double)f->hasty.count / (double)f->waits.count,
	    time_text(answer, (double)histogram_percentile(&f->hasty_ns, 50)),
	    time_text(waking, mean(&f->hasty)),
	    time_text(window, (double)histogram_percentile(&f->hasty_ns, 90)));
	return true;
}

/* Rule: a third of the time or more passes before the kernel has a request. */
static bool queued_in_program(const struct breakdown *b, const struct parts_group *all,
			      struct finding *to)
{
	double before = share(all, STAGE_SUBMIT), device = share(all, STAGE_DEVICE);
	char text[UNIT_TEXT], where[64] = "";

	if (b->chosen < FINDING_COUNT || before < 1 / 3.0 || !all->stages[STAGE_SUBMIT] ||
	    !b->requests->model->nr_stages)
		return false;
	if (b->kernel.has_block)
		snprintf(where, sizeof(where), ", the device only %.0f%%", 100 * device);
	say(to, "queued_in_program",
	    "requests queue in the program, not in the device: %.0f%% of their time "
	    "(%s each) passes before the kernel has them%s",
	    100 * before, time_text(text, histogram_mean(all->stages[STAGE_SUBMIT])),
	    where);
	return true;
}

/* Rule: half of the time or more passes in the block layer's queue. */
static bool queued_at_device(const struct breakdown *b, const struct parts_group *all,
			     struct finding *to)
{
	double block = share(all, STAGE_BLOCK);
	char text[UNIT_TEXT];

	if (b->chosen < FINDING_COUNT || block < 0.5)
		return false;
	say(to, "queued_at_device",
	    "requests wait for the device, not in it: %.0f%% of their time (%s each) "
	    "passes in the block layer's queue",
	    100 * block, time_text(text, histogram_mean(all->stages[STAGE_BLOCK])));
	return true;
}

/* Rule: a fifth of the time or more passes with the answer there and nobody awake. */
static bool slow_to_wake(const struct breakdown *b, const struct parts_group *all,
			 struct finding *to)
{
	double off = share(all, STAGE_OFF_CPU);
	char text[UNIT_TEXT];

	if (b->chosen < FINDING_COUNT || off < 0.2)
		return false;
	say(to, "slow_to_wake",
	    "finished requests wait for their thread: %.0f%% of the time (%s each) "
	    "passes with the answer there and the thread not running",
	    100 * off, time_text(text, histogram_mean(all->stages[STAGE_OFF_CPU])));
	return true;
}

/* Who did the fewest requests; the sums of the others. NULL: nobody did any. */
static const struct thread *find_least(const struct threads *t, struct few *others,
				       unsigned *nr)
{
	const struct thread *least = NULL;

	for (uint32_t i = 1; i < t->count; i++) {
		const struct thread *at = &t->items[i];

		if (!at->requests)
			continue;
		*nr += 1;
		others->count += at->requests;
		others->sum_ns += at->latency_ns;
		if (!least || at->requests < least->requests)
			least = at;
	}
	if (least) {
		others->count -= least->requests;
		others->sum_ns -= least->latency_ns;
	}
	return least;
}

/* Rule: of several threads one ended less than half as many requests as the others do on
 * average, and most of them more, though it had as many in flight: its requests waited,
 * summed up, at least half as long as another's. */
static bool starved_thread(const struct breakdown *b, struct finding *to)
{
	struct few others = {0};
	unsigned nr = 0, more = 0;
	const struct thread *least = find_least(&b->threads, &others, &nr);
	double fair;

	if (nr < 2 || others.count + least->requests < (uint64_t)nr * FINDING_COUNT)
		return false;
	fair = (double)others.count / (nr - 1);
	for (uint32_t i = 1; i < b->threads.count; i++)
		more += (double)b->threads.items[i].requests > fair / 2;
	if ((double)least->requests > fair / 2 || more < nr / 2 ||
	    (double)least->latency_ns < (double)others.sum_ns / (nr - 1) / 2)
		return false;
	say(to, "starved_thread",
	    "one worker is starved: thread %d ended %" PRIu64
	    " requests, %s %.0f, with no more in flight",
	    least->tid, least->requests,
	    nr == 2 ? "the other" : "each of the others on average", fair);
	return true;
}

/* Rule: of asked.h. */
static bool depth_not_reached(const struct breakdown *b, struct finding *to)
{
	char text[ASKED_TEXT];

	if (!asked_sentence(&b->asked, text))
		return false;
	say(to, "depth_not_reached", "%s", text);
	return true;
}

unsigned findings_make(const struct breakdown *b, struct finding *found)
{
	struct parts_group all;
	unsigned nr = 0;

	if (!parts_all(&b->parts, &all)) {
		nr += depth_not_reached(b, &found[nr]);
		nr += queued_in_program(b, &all, &found[nr]);
		nr += queued_at_device(b, &all, &found[nr]);
		nr += reads_behind_writes(b, &found[nr]);
		nr += slow_to_wake(b, &all, &found[nr]);
		nr += slept_too_soon(b, &found[nr]);
		nr += starved_thread(b, &found[nr]);
	}
	parts_group_release(&all);
	return nr;
}
