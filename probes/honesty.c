// SPDX-License-Identifier: GPL-2.0-or-later
/* What makes a benchmark say less than people think. */
#include "probes/honesty.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/text.h"
#include "probes/engine.h"
#include "probes/job.h"
#include "probes/statistics.h"
#include "probes/job_target.h"

enum { WARNING_TEXT = 1024 };

static bool is_known(const struct warnings *w, const char *id, const char *text,
		     size_t subject)
{
	for (size_t i = 0; i < w->count; i++)
		if (strcmp(w->items[i].id, id) == 0 && w->items[i].subject == subject &&
		    strncmp(w->items[i].text, text, subject) == 0)
			return true;
	return false;
}

static void add_warning(struct warnings *w, const char *id, const char *text,
			size_t subject)
{
	struct warning *items;

	if (is_known(w, id, text, subject))
		return;
	items = reallocarray(w->items, w->count + 1, sizeof(*items));
	if (!items)
		return;
	w->items = items;
	w->items[w->count] = (struct warning){id, strdup(text), subject};
	w->count += w->items[w->count].text != NULL;
}

/* Of a job, or else of a file; the rest begins with what follows the subject. Names of
 * both are not ours: they are escaped. */
__attribute__((format(printf, 5, 6))) static void warn(struct warnings *w, const char *id,
						       const struct job *job,
						       const char *path,
						       const char *format, ...)
{
	char name[512], rest[512], text[WARNING_TEXT];
	const char *subject = job ? job->name : path;
	size_t length;
	va_list args;

	text_escape(name, sizeof(name), subject, strlen(subject), 0);
	va_start(args, format);
	vsnprintf(rest, sizeof(rest), format, args);
	va_end(args);
	length = (size_t)snprintf(text, sizeof(text), job ? "job [%s]" : "%s", name);
	text_escape(text + length, sizeof(text) - length, rest, strlen(rest), 0);
	add_warning(w, id, text, length);
}

void warnings_free(struct warnings *w)
{
	for (size_t i = 0; i < w->count; i++)
		free(w->items[i].text);
	free(w->items);
	*w = (struct warnings){0};
}

/* The device itself was named, or a file on it: "is", "is on vda,". */
static const char *relation(char *text, size_t size, const struct job_target *t)
{
	if (t->is_device)
		return "is";
	snprintf(text, size, "is on %s,", t->disk);
	return text;
}

static void look_at_target(struct warnings *w, const struct job_target *t)
{
	char text[80];
	const char *is = relation(text, sizeof(text), t);

	if (t->in_memory)
		warn(w, "memory", NULL, t->path,
		     " is on %s, in memory: no disk is measured; choose a file on a disk",
		     t->file_system);
	else if (!t->is_device)
		warn(w, "regular-file", NULL, t->path,
		     " is a file on %s: the file system's work is measured too; for the "
		     "disk alone name the device",
		     t->file_system);
	if (t->device_mapper)
		warn(w, "device-mapper", NULL, t->path,
		     " %s a device-mapper target: its work (LVM, crypt) is measured too; "
		     "for the disk alone name the device below",
		     is);
	if (t->md)
		warn(w, "md", NULL, t->path,
		     " %s a software RAID: several disks are measured at once; for one "
		     "of them name it",
		     is);
	if (t->loop)
		warn(w, "loop", NULL, t->path,
		     " %s a loop device: the file behind it and that file's file system "
		     "are measured; for a disk name its device",
		     is);
}

static void look_at_holes(struct warnings *w, const struct job *job,
			  const struct job_target *t)
{
	if (t->sparse && job_reads(job))
		warn(w, "sparse", NULL, t->path,
		     " has holes, and reading a hole asks no disk: fill the file, or "
		     "remove it and let it be laid out");
}

void honesty_before(struct warnings *w, const struct job *job, const struct job_target *t)
{
	if (job->engine->synchronous && job->depth > 1)
		warn(w, "synchronous", job, NULL,
		     ": %s does one request at a time, iodepth=%llu has no effect; use "
		     "ioengine=io_uring or libaio, or numjobs=%llu",
		     job->engine->name, (unsigned long long)job->depth,
		     (unsigned long long)job->depth);
	if (!job->engine->needs_file)
		return;
	if (!job->ramp_ns)
		warn(w, "no-ramp", job, NULL,
		     " has no ramp_time: cold caches and sleeping CPUs are in the "
		     "figures; add ramp_time=5");
	if (!job->direct)
		warn(w, "buffered", job, NULL,
		     " goes through the page cache: memory is measured as much as the "
		     "disk; set direct=1");
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
		warn(w, "depth", job, NULL,
		     ": iodepth=%llu was not reached: requests were done when the kernel "
		     "returned from taking them%s",
		     (unsigned long long)job->depth,
		     job->direct ? "; use numjobs to keep the disk busier"
				 : ", as with buffered I/O; set direct=1");
	else if (reached < (double)job->depth / 2)
		warn(w, "depth", job, NULL,
		     ": %.1f requests were in the kernel on average, not the %llu of "
		     "iodepth; run longer, or use a smaller iodepth or more numjobs",
		     reached, (unsigned long long)job->depth);
}

/* A percentile is worth something with about ten values above it. */
enum { VALUES_ABOVE = 10, MOST_TIMES = 1000 };

static const struct {
	const char *name;
	uint64_t one_in;
} tails[] = {{"99.99", 10000}, {"99.9", 1000},	  {"99", 100}, {"95", 20},
	     {"90", 10},       {"the median", 2}, {NULL, 0}};

/* More time is a cure only where the time was over before the work. */
static void say_times(char *text, size_t size, const struct job *job,
		      const struct statistics *s, uint64_t times)
{
	*text = 0;
	if (job->runtime_ns && s->elapsed_ns >= job->runtime_ns && times <= MOST_TIMES)
		snprintf(text, size, "run %llu times as long, or ",
			 (unsigned long long)times);
}

/* The direction that has fewer requests speaks for both. */
static void look_at_percentiles(struct warnings *w, const struct job *job,
				const struct statistics *s)
{
	uint64_t reads = s->direction[0].ios, writes = s->direction[1].ios;
	bool are_writes = writes && (!reads || writes < reads);
	uint64_t ios = are_writes ? writes : reads;
	uint64_t needed = tails[0].one_in * VALUES_ABOVE;
	const char *word = are_writes ? "writes" : "reads";
	char cure[64];
	int i = 0;

	if (ios >= needed)
		return;
	while (tails[i].name && ios < tails[i].one_in * VALUES_ABOVE)
		i++;
	say_times(cure, sizeof(cure), job, s, (needed + ios - 1) / ios);
	if (!tails[i].name)
		warn(w, "short", job, NULL, ": too few %s (%llu) for any percentile",
		     word, (unsigned long long)ios);
	else
		warn(w, "short", job, NULL,
		     ": too few %s (%llu) for the 99.99th percentile, which needs %llu; "
		     "%sread no further than %s",
		     word, (unsigned long long)ios, (unsigned long long)needed, cure,
		     tails[i].name);
}

void honesty_after(struct warnings *w, const struct job *job, const struct statistics *s)
{
	if (!total_ios(s)) {
		warn(w, "nothing", job, NULL, " was over before anything was measured");
		return;
	}
	if (!job->engine->needs_file)
		return;
	look_at_percentiles(w, job, s);
	look_at_depth(w, job, s);
}
