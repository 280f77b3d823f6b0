// SPDX-License-Identifier: GPL-2.0-or-later
/* Samples the rates of workers while they run, and says how far they are. */
#include "probes/watcher.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "core/clock.h"
#include "probes/file_rules.h"
#include "probes/run.h"

enum { TICK_NS = 100000000, SAMPLE_NS = 500000000 };

/* What a worker had counted at the last sample. */
struct seen {
	uint64_t ios[2], bytes[2];
	bool measuring;
};

struct watcher {
	struct run *run;
	struct worker *workers;
	size_t count;
	uint64_t began_ns, sampled_ns;
	struct run_progress progress;
	struct seen seen[]; /* by worker */
};

struct watcher *watcher_new(struct run *run, struct worker *workers, size_t count)
{
	struct watcher *w = calloc(1, sizeof(*w) + count * sizeof(w->seen[0]));

	if (w) {
		w->run = run;
		w->workers = workers;
		w->count = count;
	}
	return w;
}

void watcher_free(struct watcher *watcher)
{
	free(watcher);
}

void watcher_begin(struct watcher *watcher, size_t count)
{
	watcher->count = count;
	watcher->began_ns = watcher->sampled_ns = clock_ns();
	for (size_t i = 0; i < count; i++) /* without a ramp all is measured */
		watcher->seen[i].measuring = !watcher->workers[i].job->ramp_ns;
}

static struct seen look_at(const struct worker *w)
{
	struct seen now = {.measuring = __atomic_load_n(&w->measuring, __ATOMIC_ACQUIRE)};

	for (int d = 0; d < 2; d++) {
		now.ios[d] = __atomic_load_n(&w->seen_ios[d], __ATOMIC_RELAXED);
		now.bytes[d] = __atomic_load_n(&w->seen_bytes[d], __ATOMIC_RELAXED);
	}
	return now;
}

/* The counts begin anew when the ramp ends: no sample reaches across that. */
static void sample_worker(struct watcher *watcher, size_t i, double seconds)
{
	struct worker *w = &watcher->workers[i];
	struct seen before = watcher->seen[i], now = look_at(w);

	watcher->seen[i] = now;
	if (now.measuring != before.measuring)
		return;
	for (int d = 0; d < 2; d++) {
		double rate = (double)(now.ios[d] - before.ios[d]) / seconds;
		double speed = (double)(now.bytes[d] - before.bytes[d]) / seconds;

		if (now.measuring && rate > 0) {
			samples_add(&w->iops[d], rate);
			samples_add(&w->bandwidth[d], speed / 1024);
		}
		watcher->progress.iops[d] += rate;
		watcher->progress.bytes_per_second[d] += speed;
	}
}

static void sample(struct watcher *watcher, uint64_t now)
{
	double seconds = (double)(now - watcher->sampled_ns) / 1e9;

	watcher->progress = (struct run_progress){.done = -1};
	for (size_t i = 0; i < watcher->count; i++)
		sample_worker(watcher, i, seconds);
	watcher->sampled_ns = now;
}

/* How long the group that begins with *@job will take, which moves on to the next group;
 * 0: nobody knows. */
static uint64_t time_of_group(const struct job_file *file, size_t *job)
{
	uint64_t longest = 0;
	bool endless = false;

	do {
		const struct job *j = &file->jobs[*job];
		uint64_t whole = j->ramp_ns + j->runtime_ns;

		endless |= !j->runtime_ns;
		longest = whole > longest ? whole : longest;
	} while (++*job < file->count && !file->jobs[*job].stonewall);
	return endless ? 0 : longest;
}

/* Groups that took less than they might have count in full. */
static void tell_time(struct watcher *watcher, uint64_t now)
{
	const struct job_file *file = watcher->run->file;
	uint64_t whole = 0, done = 0, here = now - watcher->began_ns;
	unsigned group = 0;

	watcher->progress.done = -1;
	watcher->progress.left_ns = 0;
	for (size_t job = 0; job < file->count; group++) {
		uint64_t time = time_of_group(file, &job);

		if (!time)
			return;
		if (group < watcher->workers->group)
			done += time;
		else if (group == watcher->workers->group)
			done += here < time ? here : time;
		whole += time;
	}
	watcher->progress.done = (double)done / (double)whole;
	watcher->progress.left_ns = whole - done;
}

static bool is_ramping(const struct watcher *watcher)
{
	for (size_t i = 0; i < watcher->count; i++)
		if (!__atomic_load_n(&watcher->workers[i].measuring, __ATOMIC_RELAXED))
			return true;
	return false;
}

static void tick(struct watcher *watcher)
{
	uint64_t now = clock_ns();

	watcher->run->seen_ns = now;
	if (file_work_stopped(watcher->run->rules))
		for (size_t i = 0; i < watcher->count; i++)
			__atomic_store_n(&watcher->workers[i].stop, true,
					 __ATOMIC_RELAXED);
	if (now - watcher->sampled_ns >= SAMPLE_NS)
		sample(watcher, now);
	watcher->progress.ramp = is_ramping(watcher);
	tell_time(watcher, now);
	if (watcher->run->watch)
		watcher->run->watch(watcher->run->watcher, &watcher->progress);
}

/* One worker after the other, awake ten times a second. */
void watcher_join(struct watcher *watcher)
{
	for (size_t i = 0; i < watcher->count; i++) {
		struct timespec until;

		do {
			tick(watcher);
			clock_gettime(CLOCK_REALTIME, &until);
			until.tv_nsec += TICK_NS;
			until.tv_sec += until.tv_nsec / 1000000000;
			until.tv_nsec %= 1000000000;
		} while (pthread_timedjoin_np(watcher->workers[i].thread, NULL, &until));
	}
}
