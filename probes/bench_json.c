// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The results as JSON.
 *
 * Keys and units are those of fio 3.33 (stat.c, add_job_stats_json) where the meaning
 * is fio's, so that what reads fio's output reads this. What fio has and fathom does
 * not do (trim, latency targets) is there with zeros, since readers index blindly.
 * Everything else stands under "fathom".
 */
#include "probes/bench_report.h"

#include <errno.h>
#include <jansson.h>
#include <string.h>
#include <time.h>

#include "core/text.h"
#include "probes/engine.h"
#include "probes/run.h"

#define FIO_FORMAT "fio-3.33"

static json_t *number(uint64_t value)
{
	return json_integer((json_int_t)value);
}

/* What is not UTF-8 comes escaped. */
static json_t *string(const char *text)
{
	char escaped[4096];
	json_t *o = json_string(text);

	if (o)
		return o;
	text_escape(escaped, sizeof(escaped), text, strlen(text), 0);
	return json_string(escaped);
}

static json_t *latency(const struct histogram *h, bool percentiles)
{
	json_t *o = json_object(), *list;
	char key[PERCENTILE_KEY];

	json_object_set_new(o, "min", number(h->count ? h->min : 0));
	json_object_set_new(o, "max", number(h->max));
	json_object_set_new(o, "mean", json_real(histogram_mean(h)));
	json_object_set_new(o, "stddev", json_real(histogram_stddev(h)));
	json_object_set_new(o, "N", number(h->count));
	if (!percentiles || !h->count)
		return o;
	list = json_object();
	for (int i = 0; i < NR_PERCENTILES; i++)
		json_object_set_new(list, percentile_key(key, i),
				    number(histogram_percentile(h, percentile_list[i])));
	json_object_set_new(o, "percentile", list);
	return o;
}

/* @group_speed: of all jobs that run side by side, bytes per second. */
static void add_samples(json_t *o, const struct samples *bandwidth,
			const struct samples *iops, double group_speed)
{
	double part = percent_of(bandwidth->mean * 1024, group_speed);

	json_object_set_new(o, "bw_min", number((uint64_t)bandwidth->min));
	json_object_set_new(o, "bw_max", number((uint64_t)bandwidth->max));
	json_object_set_new(o, "bw_agg", json_real(part < 100 ? part : 100));
	json_object_set_new(o, "bw_mean", json_real(bandwidth->mean));
	json_object_set_new(o, "bw_dev", json_real(samples_stddev(bandwidth)));
	json_object_set_new(o, "bw_samples", number(bandwidth->count));
	json_object_set_new(o, "iops_min", number((uint64_t)iops->min));
	json_object_set_new(o, "iops_max", number((uint64_t)iops->max));
	json_object_set_new(o, "iops_mean", json_real(iops->mean));
	json_object_set_new(o, "iops_stddev", json_real(samples_stddev(iops)));
	json_object_set_new(o, "iops_samples", number(iops->count));
}

static json_t *transfers(const struct statistics *s, int which, double group_speed)
{
	const struct direction *d = &s->direction[which];
	double seconds = (double)s->elapsed_ns / 1e9;
	double speed = seconds > 0 ? (double)d->bytes / seconds : 0;
	double rate = seconds > 0 ? (double)d->ios / seconds : 0;
	json_t *o = json_object();

	json_object_set_new(o, "io_bytes", number(d->bytes));
	json_object_set_new(o, "io_kbytes", number(d->bytes >> 10));
	json_object_set_new(o, "bw_bytes", number((uint64_t)speed));
	json_object_set_new(o, "bw", number((uint64_t)(speed / 1024)));
	json_object_set_new(o, "iops", json_real(rate));
	json_object_set_new(o, "runtime", number(d->ios ? s->elapsed_ns / 1000000 : 0));
	json_object_set_new(o, "total_ios", number(d->ios));
	json_object_set_new(o, "short_ios", number(d->short_ios));
	json_object_set_new(o, "drop_ios", number(0));
	json_object_set_new(o, "slat_ns", latency(&d->slat, false));
	json_object_set_new(o, "clat_ns", latency(&d->clat, true));
	json_object_set_new(o, "lat_ns", latency(&d->lat, true));
	add_samples(o, &s->bandwidth[which], &s->iops[which], group_speed);
	return o;
}

static json_t *no_transfers(void)
{
	struct statistics *none = malloc(sizeof(*none));
	json_t *o = NULL;

	if (none) {
		statistics_reset(none);
		o = transfers(none, 0, 0);
	}
	free(none);
	return o;
}

static json_t *syncs(const struct statistics *s)
{
	return json_pack("{s:o, s:o}", "total_ios", number(s->sync.count), "lat_ns",
			 latency(&s->sync, true));
}

static json_t *parts(const double *values, const char *const *labels, int count)
{
	json_t *o = json_object();

	for (int i = 0; i < count; i++)
		json_object_set_new(o, labels[i], json_real(values[i]));
	return o;
}

static json_t *shares(const uint64_t *counts, const char *const *labels)
{
	double values[DEPTH_CLASSES], total = 0;

	for (int i = 0; i < DEPTH_CLASSES; i++)
		total += (double)counts[i];
	for (int i = 0; i < DEPTH_CLASSES; i++)
		values[i] = percent_of((double)counts[i], total);
	return parts(values, labels, DEPTH_CLASSES);
}

static void add_distributions(json_t *o, const struct statistics *s)
{
	const struct histogram *clat[] = {&s->direction[0].clat, &s->direction[1].clat};
	struct latency_classes classes;

	latency_classify(&classes, clat, 2);
	json_object_set_new(o, "iodepth_level", shares(s->depths, depth_labels));
	json_object_set_new(o, "iodepth_submit", shares(s->submits, batch_labels));
	json_object_set_new(o, "iodepth_complete", shares(s->completes, batch_labels));
	json_object_set_new(o, "latency_ns", parts(classes.ns, ns_labels, NS_CLASSES));
	json_object_set_new(o, "latency_us", parts(classes.us, us_labels, US_CLASSES));
	json_object_set_new(o, "latency_ms", parts(classes.ms, ms_labels, MS_CLASSES));
}

static void add_cpu(json_t *o, const struct statistics *s)
{
	double whole = (double)s->thread_ns;

	json_object_set_new(o, "job_runtime", number(s->thread_ns / 1000000));
	json_object_set_new(o, "usr_cpu",
			    json_real(percent_of((double)s->cpu.user_ns, whole)));
	json_object_set_new(o, "sys_cpu",
			    json_real(percent_of((double)s->cpu.system_ns, whole)));
	json_object_set_new(o, "ctx", number(s->cpu.switches));
	json_object_set_new(o, "majf", number(s->cpu.major_faults));
	json_object_set_new(o, "minf", number(s->cpu.minor_faults));
}

static json_t *options_of(const struct job_options *options)
{
	json_t *o = json_object();

	for (size_t i = 0; i < options->count; i++)
		json_object_set_new(o, options->items[i].key,
				    string(options->items[i].value));
	return o;
}

static json_t *polling_json(const struct run_report *r)
{
	const struct polling *p = &r->statistics.polling;

	return json_pack(
		"{s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "algorithm",
		r->job->poll_rule->name, "max_ns", number(r->job->poll.max_ns), "windows",
		number(p->windows), "hits", number(p->hits), "hit_ns", number(p->hit_ns),
		"empty_ns", number(p->empty_ns), "grown", number(p->grown), "shrunk",
		number(p->shrunk), "waits", number(p->waits), "naps", number(p->naps));
}

/* What fio does not have. Integers in ns. */
static json_t *extras(const struct run_report *r)
{
	const struct statistics *s = &r->statistics;

	return json_pack(
		"{s:i, s:s, s:o, s:o, s:o, s:o, s:o, s:o}", "workers", (int)r->workers,
		"ioengine", r->job->engine->name, "iodepth", number(r->first->depth),
		"all_requests", number(r->all_requests), "elapsed_ns",
		number(s->elapsed_ns), "thread_ns", number(s->thread_ns), "cpu_ns",
		number(s->cpu.user_ns + s->cpu.system_ns), "polling", polling_json(r));
}

static json_t *report_json(const struct run *run, const struct run_report *r)
{
	const struct statistics *s = &r->statistics;
	json_t *o = json_object();

	json_object_set_new(o, "jobname", string(r->job->name));
	json_object_set_new(o, "groupid", number(r->first->group));
	json_object_set_new(o, "error", number((uint64_t)-r->error));
	json_object_set_new(o, "eta", number(0));
	json_object_set_new(o, "elapsed", number(run->elapsed_ns / 1000000000 + 1));
	json_object_set_new(o, "job options", options_of(&r->job->options));
	for (int i = 0; i < 2; i++)
		json_object_set_new(
			o, direction_names[i],
			transfers(s, i, run_group_speed(run, r->first->group, i)));
	json_object_set_new(o, "trim", no_transfers());
	json_object_set_new(o, "sync", syncs(s));
	add_cpu(o, s);
	add_distributions(o, s);
	json_object_set_new(o, "latency_depth", number(r->job->depth));
	json_object_set_new(o, "latency_target", number(0));
	json_object_set_new(o, "latency_percentile", json_real(100));
	json_object_set_new(o, "latency_window", number(0));
	json_object_set_new(o, "fathom", extras(r));
	return o;
}

static json_t *disks_json(const struct run *run)
{
	json_t *list = json_array();

	for (size_t i = 0; i < run->nr_disks; i++) {
		const struct disk_counts *d = &run->disks[i].used;

		json_array_append_new(
			list,
			json_pack("{s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:f}", "name",
				  run->disks[i].name, "read_ios", number(d->ios[0]),
				  "write_ios", number(d->ios[1]), "read_merges",
				  number(d->merges[0]), "write_merges",
				  number(d->merges[1]), "read_ticks",
				  number(d->ticks_ms[0]), "write_ticks",
				  number(d->ticks_ms[1]), "in_queue", number(d->queue_ms),
				  "util", run_disk_util(run, i)));
	}
	return list;
}

json_t *bench_warnings(const struct warnings *w)
{
	json_t *list = json_array();

	for (size_t i = 0; i < w->count; i++)
		json_array_append_new(
			list, json_pack("{s:s, s:s%, s:s}", "id", w->items[i].id,
					"subject", w->items[i].text, w->items[i].subject,
					"text", w->items[i].text));
	return list;
}

static json_t *reports_json(const struct run *run)
{
	struct run_report *report = malloc(sizeof(*report));
	size_t count = run_nr_reports(run);
	json_t *list = json_array();

	for (size_t i = 0; report && i < count; i++) {
		run_report(run, i, report);
		json_array_append_new(list, report_json(run, report));
	}
	free(report);
	return list;
}

json_t *bench_results(const struct run *run, const char *error)
{
	struct timespec now;
	char text[64] = "";
	struct tm local;
	json_t *o = json_object();

	clock_gettime(CLOCK_REALTIME, &now);
	if (localtime_r(&now.tv_sec, &local))
		strftime(text, sizeof(text), "%a %b %e %H:%M:%S %Y", &local);
	json_object_set_new(o, "fio version", json_string(FIO_FORMAT));
	json_object_set_new(o, "timestamp", number((uint64_t)now.tv_sec));
	json_object_set_new(
		o, "timestamp_ms",
		number((uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000));
	json_object_set_new(o, "time", json_string(text));
	json_object_set_new(o, "global options", options_of(&run->file->globals.options));
	json_object_set_new(o, "jobs", reports_json(run));
	json_object_set_new(o, "disk_util", disks_json(run));
	json_object_set_new(o, "fathom",
			    json_pack("{s:s, s:o*, s:o}", "version", FATHOM_VERSION,
				      "error", error ? string(error) : NULL, "warnings",
				      bench_warnings(&run->warnings)));
	return o;
}

int bench_json(const json_t *results, FILE *to)
{
	int err = 0;

	/* In ASCII, for an agent's words must not drive a terminal. */
	if (json_dumpf(results, to,
		       JSON_INDENT(2) | JSON_PRESERVE_ORDER | JSON_ENSURE_ASCII))
		err = ferror(to) ? -errno : -ENOMEM;
	fputc('\n', to);
	return err;
}
