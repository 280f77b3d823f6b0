// SPDX-License-Identifier: GPL-2.0-or-later
/* What makes a benchmark say less than people think. */
#include "probes/honesty.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/text.h"
#include "core/units.h"
#include "probes/engine.h"
#include "probes/job.h"
#include "probes/statistics.h"
#include "probes/job_target.h"

enum { WARNING_TEXT = 1024 };

/* Names of jobs and files are not ours: the text is escaped. */
static void add_warning(struct warnings *w, const char *id, const char *text)
{
	struct warning *items;
	char escaped[WARNING_TEXT];

	text_escape(escaped, sizeof(escaped), text, strlen(text), 0);
	for (size_t i = 0; i < w->count; i++)
		if (strcmp(w->items[i].text, escaped) == 0)
			return;
	items = reallocarray(w->items, w->count + 1, sizeof(*items));
	if (!items)
		return;
	w->items = items;
	w->items[w->count] = (struct warning){id, strdup(escaped)};
	w->count += w->items[w->count].text != NULL;
}

__attribute__((format(printf, 3, 4))) static void warn(struct warnings *w, const char *id,
						       const char *format, ...)
{
	char text[WARNING_TEXT];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	add_warning(w, id, text);
}

void warnings_free(struct warnings *w)
{
	for (size_t i = 0; i < w->count; i++)
		free(w->items[i].text);
	free(w->items);
	*w = (struct warnings){0};
}

static void look_at_target(struct warnings *w, const struct job_target *t)
{
	if (t->in_memory)
		warn(w, "memory",
		     "%s is on %s, in memory: no disk is measured; choose a file on a "
		     "disk",
		     t->path, t->file_system);
	else if (!t->is_device)
		warn(w, "regular-file",
		     "%s is a file on %s: the file system's work is measured too; for "
		     "the "
		     "disk alone name the device",
		     t->path, t->file_system);
	if (t->device_mapper)
		warn(w, "device-mapper",
		     "%s is on %s, a device-mapper target: its work (LVM, crypt) is "
		     "measured too; for the disk alone name the device below",
		     t->path, t->disk);
	if (t->md)
		warn(w, "md",
		     "%s is on %s, a software RAID: several disks are measured at once; "
		     "for one of them name it",
		     t->path, t->disk);
	if (t->loop)
		warn(w, "loop",
		     "%s is on %s, a loop device: a file on another file system is "
		     "measured; for a disk name its device",
		     t->path, t->disk);
}

static void look_at_holes(struct warnings *w, const struct job *job,
			  const struct job_target *t)
{
	if (t->sparse && job_reads(job))
		warn(w, "sparse",
		     "%s has holes, and reading a hole asks no disk: fill the file, or "
		     "remove it and let it be laid out",
		     t->path);
}

void honesty_before(struct warnings *w, const struct job *job, const struct job_target *t)
{
	if (job->engine->synchronous && job->depth > 1)
		warn(w, "synchronous",
		     "job [%s]: %s does one request at a time, iodepth=%llu has no "
		     "effect; "
		     "use ioengine=io_uring or libaio, or numjobs=%llu",
		     job->name, job->engine->name, (unsigned long long)job->depth,
		     (unsigned long long)job->depth);
	if (!job->engine->needs_file)
		return;
	if (!job->ramp_ns)
		warn(w, "no-ramp",
		     "job [%s] has no ramp_time: cold caches and sleeping CPUs are in "
		     "the "
		     "figures; add ramp_time=5",
		     job->name);
	if (!job->direct)
		warn(w, "buffered",
		     "job [%s] goes through the page cache: memory is measured as much "
		     "as "
		     "the disk; set direct=1",
		     job->name);
	look_at_target(w, t);
	look_at_holes(w, job, t);
}

static uint64_t total_ios(const struct statistics *s)
{
	return s->direction[0].ios + s->direction[1].ios;
}

/* Mean requests in the kernel by Little's law: rate times time, per worker. */
static double reached_depth(const struct statistics *s)
{
	double time = 0;

	for (int i = 0; i < 2; i++)
		time += (double)s->direction[i].clat.sum;
	return s->thread_ns ? time / (double)s->thread_ns : 0;
}

/* A loop that hardly ever waits finds its requests done as soon as it has submitted
 * them: the kernel worked while it took them, one after the other. */
static bool hardly_waits(const struct statistics *s)
{
	uint64_t reaps = 0;

	for (int i = 0; i < DEPTH_CLASSES; i++)
		reaps += s->completes[i];
	return (s->polling.waits + s->polling.hits) * 10 < reaps;
}

static void look_at_depth(struct warnings *w, const struct job *job,
			  const struct statistics *s)
{
	double reached = reached_depth(s);

	if (job->depth < 2 || job->engine->synchronous)
		return;
	if (hardly_waits(s))
		warn(w, "depth",
		     "job [%s]: iodepth=%llu was not reached: requests were done when "
		     "the "
		     "kernel returned from taking them%s",
		     job->name, (unsigned long long)job->depth,
		     job->direct ? "; use numjobs to keep the disk busier"
				 : ", as with buffered I/O; set direct=1");
	else if (reached < (double)job->depth / 2)
		warn(w, "depth",
		     "job [%s]: %.1f requests were in the kernel on average, not the "
		     "%llu "
		     "of iodepth; run longer, or use a smaller iodepth or more numjobs",
		     job->name, reached, (unsigned long long)job->depth);
}

/* A percentile is worth something with about ten values above it. */
enum { VALUES_ABOVE = 10 };

static void look_at_percentiles(struct warnings *w, const struct job *job,
				const struct direction *d, const char *word)
{
	static const struct {
		const char *name;
		uint64_t one_in;
	} tails[] = {{"99.99", 10000}, {"99.9", 1000}, {"99", 100}, {NULL, 0}};
	int i = 0;
	uint64_t needed = tails[0].one_in * VALUES_ABOVE;
	char ratio[UNIT_TEXT];

	if (!d->ios || d->ios >= needed)
		return;
	while (tails[i].name && d->ios < tails[i].one_in * VALUES_ABOVE)
		i++;
	count_text(ratio, (double)needed / (double)d->ios);
	warn(w, "short",
	     "job [%s]: %llu %s are too few for the 99.99th percentile (it needs %llu); "
	     "run %s times as long, or read no further than %s",
	     job->name, (unsigned long long)d->ios, word, (unsigned long long)needed,
	     ratio, tails[i].name ? tails[i].name : "the median");
}

void honesty_after(struct warnings *w, const struct job *job, const struct statistics *s)
{
	if (!total_ios(s)) {
		warn(w, "nothing", "job [%s] was over before anything was measured",
		     job->name);
		return;
	}
	if (!job->engine->needs_file)
		return;
	look_at_percentiles(w, job, &s->direction[0], "reads");
	look_at_percentiles(w, job, &s->direction[1], "writes");
	look_at_depth(w, job, s);
}
