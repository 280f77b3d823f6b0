// SPDX-License-Identifier: GPL-2.0-or-later
/* The results for people, laid out as fio does (stat.c, show_thread_status_normal). */
#include "probes/bench_report.h"

#include <string.h>
#include <stdlib.h>
#include <time.h>

#include "core/text.h"
#include "core/units.h"
#include "probes/engine.h"
#include "probes/run.h"

enum { NUMBER_TEXT = 32 };

/* fio's short numbers: four digits at most, and a letter. */
static const char *short_number(char *text, double value, double base,
				const char *const *units)
{
	int unit = 0, digits = 1;

	while (value >= 9999.5 && units[unit + 1]) {
		value /= base;
		unit++;
	}
	for (double v = value; v >= 10; v /= 10)
		digits++;
	snprintf(text, NUMBER_TEXT, "%.*f%s", unit && digits < 4 ? 3 - digits : 0, value,
		 units[unit]);
	return text;
}

static const char *count_short(char *text, double value)
{
	static const char *const units[] = {"", "k", "M", "G", "T", NULL};

	return short_number(text, value, 1000, units);
}

static const char *binary_short(char *text, double bytes)
{
	static const char *const units[] = {"KiB", "MiB", "GiB", "TiB", "PiB", NULL};

	if (bytes < 1024)
		snprintf(text, NUMBER_TEXT, "%.0fB", bytes);
	else
		short_number(text, bytes / 1024, 1024, units);
	return text;
}

static const char *decimal_short(char *text, double bytes)
{
	static const char *const units[] = {"kB", "MB", "GB", "TB", "PB", NULL};

	if (bytes < 1000)
		snprintf(text, NUMBER_TEXT, "%.0fB", bytes);
	else
		short_number(text, bytes / 1000, 1000, units);
	return text;
}

struct scale {
	const char *name;
	double ns;
};

static const struct scale scales[] = {{"nsec", 1}, {"usec", 1e3}, {"msec", 1e6}};

/* fio's rule: the largest unit in which minimum and deviation are not lost. */
static const struct scale *scale_of(const struct histogram *h)
{
	double deviation = histogram_stddev(h);

	if (h->min > 2000000 && h->max > 99999999 && deviation > 1000000)
		return &scales[2];
	if (h->min > 2000 && h->max > 99999 && deviation > 1000)
		return &scales[1];
	return &scales[0];
}

static void print_latency(FILE *to, const char *name, const struct histogram *h)
{
	const struct scale *scale = scale_of(h);
	char low[NUMBER_TEXT], high[NUMBER_TEXT];

	if (!h->count)
		return;
	fprintf(to, "    %s (%s): min=%s, max=%s, avg=%5.2f, stdev=%5.2f\n", name,
		scale->name, count_short(low, (double)h->min / scale->ns),
		count_short(high, (double)h->max / scale->ns),
		histogram_mean(h) / scale->ns, histogram_stddev(h) / scale->ns);
}

static void print_percentiles(FILE *to, const struct histogram *h)
{
	const struct scale *scale = scale_of(h);

	if (!h->count)
		return;
	fprintf(to, "    clat percentiles (%s):\n", scale->name);
	for (int i = 0; i < NR_PERCENTILES; i++) {
		uint64_t ns = histogram_percentile(h, percentile_list[i]);

		fprintf(to, "%s%5.2fth=[%5.0f]%s", i % 4 ? ", " : "     | ",
			percentile_list[i], (double)ns / scale->ns,
			i == NR_PERCENTILES - 1 ? "\n" : (i % 4 == 3 ? ",\n" : ""));
	}
}

static void print_samples(FILE *to, const struct samples *bandwidth,
			  const struct samples *iops)
{
	bool mega = bandwidth->min > 9999;
	double unit = mega ? 1024 : 1;

	if (!bandwidth->count)
		return;
	fprintf(to,
		"   bw (  %s/s): min=%5.0f, max=%5.0f, per=100.00%%, avg=%.2f, "
		"stdev=%.2f, samples=%llu\n",
		mega ? "MiB" : "KiB", bandwidth->min / unit, bandwidth->max / unit,
		samples_mean(bandwidth) / unit, samples_stddev(bandwidth) / unit,
		(unsigned long long)bandwidth->count);
	fprintf(to,
		"   iops        : min=%5.0f, max=%5.0f, avg=%.2f, stdev=%.2f, "
		"samples=%llu\n",
		iops->min, iops->max, samples_mean(iops), samples_stddev(iops),
		(unsigned long long)iops->count);
}

static void print_direction(FILE *to, const char *name, const struct run_report *r,
			    int which)
{
	const struct direction *d = &r->statistics.direction[which];
	double seconds = (double)r->statistics.elapsed_ns / 1e9;
	char rate[NUMBER_TEXT], a[NUMBER_TEXT], b[NUMBER_TEXT], c[NUMBER_TEXT];
	double speed = seconds > 0 ? (double)d->bytes / seconds : 0;

	if (!d->ios)
		return;
	fprintf(to, "  %s: IOPS=%s, BW=%s/s (%s/s)(%s/%llumsec)\n", name,
		count_short(rate, seconds > 0 ? (double)d->ios / seconds : 0),
		binary_short(a, speed), decimal_short(b, speed),
		binary_short(c, (double)d->bytes),
		(unsigned long long)(r->statistics.elapsed_ns / 1000000));
	print_latency(to, "slat", &d->slat);
	print_latency(to, "clat", &d->clat);
	print_latency(to, " lat", &d->lat);
	print_percentiles(to, &d->clat);
	print_samples(to, &r->statistics.bandwidth[which], &r->statistics.iops[which]);
}

/* Five classes a line, those that are empty left out. */
static void print_classes(FILE *to, const char *unit, const double *parts,
			  const char *const *labels, int count)
{
	int printed = 0;

	for (int i = 0; i < count; i++) {
		if (parts[i] <= 0)
			continue;
		if (printed % 5 == 0)
			fprintf(to, "%s  lat (%s)   : ", printed ? "\n" : "", unit);
		else
			fprintf(to, ", ");
		fprintf(to, "%s=%3.2f%%", labels[i], parts[i] < 0.01 ? 0.01 : parts[i]);
		printed++;
	}
	if (printed)
		fprintf(to, "\n");
}

static void print_shares(FILE *to, const char *name, const uint64_t *counts,
			 const char *const *labels)
{
	double total = 0;

	for (int i = 0; i < DEPTH_CLASSES; i++)
		total += (double)counts[i];
	fprintf(to, "  %-12s :", name);
	for (int i = 0; i < DEPTH_CLASSES; i++)
		fprintf(to, "%s %s=%3.1f%%", i ? "," : "", labels[i],
			percent_of((double)counts[i], total));
	fprintf(to, "\n");
}

static void print_distributions(FILE *to, const struct statistics *s)
{
	const struct histogram *clat[] = {&s->direction[0].clat, &s->direction[1].clat};
	struct latency_classes classes;

	latency_classify(&classes, clat, 2);
	print_classes(to, "nsec", classes.ns, ns_labels, NS_CLASSES);
	print_classes(to, "usec", classes.us, us_labels, US_CLASSES);
	print_classes(to, "msec", classes.ms, ms_labels, MS_CLASSES);
}

static void print_cpu(FILE *to, const struct statistics *s)
{
	double whole = (double)s->thread_ns;
	double used = (double)(s->cpu.user_ns + s->cpu.system_ns);
	uint64_t ios = s->direction[0].ios + s->direction[1].ios;

	fprintf(to,
		"  cpu          : usr=%3.2f%%, sys=%3.2f%%, ctx=%llu, majf=%llu, "
		"minf=%llu, per I/O=%.2fus\n",
		percent_of((double)s->cpu.user_ns, whole),
		percent_of((double)s->cpu.system_ns, whole),
		(unsigned long long)s->cpu.switches,
		(unsigned long long)s->cpu.major_faults,
		(unsigned long long)s->cpu.minor_faults,
		ios ? used / 1000 / (double)ios : 0);
}

static void print_depths(FILE *to, const struct run_report *r)
{
	const struct statistics *s = &r->statistics;

	print_shares(to, "IO depths", s->depths, depth_labels);
	print_shares(to, "   submit", s->submits, batch_labels);
	print_shares(to, "   complete", s->completes, batch_labels);
	fprintf(to,
		"     issued rwts: total=%llu,%llu,0,%llu short=%llu,%llu,0,0 "
		"dropped=0,0,0,0\n",
		(unsigned long long)s->direction[0].ios,
		(unsigned long long)s->direction[1].ios,
		(unsigned long long)s->sync.count,
		(unsigned long long)s->direction[0].short_ios,
		(unsigned long long)s->direction[1].short_ios);
}

static void print_polling(FILE *to, const struct run_report *r)
{
	const struct polling *p = &r->statistics.polling;
	double whole = (double)r->statistics.thread_ns;

	if (!r->job->poll.max_ns)
		return;
	fprintf(to,
		"  polling      : windows=%llu, hits=%.1f%%, grown=%llu, shrunk=%llu, "
		"waits=%llu\n     burnt      : polling=%.2f%% of the time, of which in "
		"vain=%.2f%%\n",
		(unsigned long long)p->windows,
		percent_of((double)p->hits, (double)p->windows),
		(unsigned long long)p->grown, (unsigned long long)p->shrunk,
		(unsigned long long)p->waits,
		percent_of((double)(p->hit_ns + p->empty_ns), whole),
		percent_of((double)p->empty_ns, whole));
}

static void print_report(FILE *to, const struct run_report *r)
{
	const struct statistics *s = &r->statistics;
	char date[64] = "", name[256];
	time_t now = time(NULL);
	struct tm local;

	if (localtime_r(&now, &local))
		strftime(date, sizeof(date), "%a %b %e %H:%M:%S %Y", &local);
	text_escape(name, sizeof(name), r->job->name, strlen(r->job->name), 0);
	fprintf(to, "\n%s: (groupid=%u, jobs=%u): err=%2d: %s, iodepth=%llu: %s\n", name,
		r->first->group, r->workers, -r->error, r->job->engine->name,
		(unsigned long long)r->first->depth, date);
	print_direction(to, "read", r, 0);
	print_direction(to, "write", r, 1);
	if (s->sync.count) {
		fprintf(to, "  fsync:\n");
		print_latency(to, "sync", &s->sync);
	}
	print_distributions(to, s);
	print_cpu(to, s);
	print_depths(to, r);
	print_polling(to, r);
}

static void print_disks(FILE *to, const struct run *run)
{
	double whole = (double)run->elapsed_ns / 1e6;

	if (run->nr_disks)
		fprintf(to, "\nDisk stats (read/write):\n");
	for (size_t i = 0; i < run->nr_disks; i++) {
		const struct disk_counts *d = &run->disks[i].used;

		fprintf(to,
			"  %s: ios=%llu/%llu, merge=%llu/%llu, ticks=%llu/%llu, "
			"in_queue=%llu, util=%3.2f%%\n",
			run->disks[i].name, (unsigned long long)d->ios[0],
			(unsigned long long)d->ios[1], (unsigned long long)d->merges[0],
			(unsigned long long)d->merges[1],
			(unsigned long long)d->ticks_ms[0],
			(unsigned long long)d->ticks_ms[1],
			(unsigned long long)d->queue_ms,
			percent_of((double)d->busy_ms, whole));
	}
}

/* All reports of a group added up, for its closing lines. */
struct total {
	unsigned group;
	uint64_t bytes[2], longest_ns;
	double speed[2], slowest[2], fastest[2];
};

static void total_add(struct total *t, const struct run_report *r)
{
	double seconds = (double)r->statistics.elapsed_ns / 1e9;

	for (int i = 0; i < 2; i++) {
		uint64_t bytes = r->statistics.direction[i].bytes;
		double speed = seconds > 0 ? (double)bytes / seconds : 0;

		if (!bytes)
			continue;
		t->slowest[i] =
			!t->bytes[i] || speed < t->slowest[i] ? speed : t->slowest[i];
		t->fastest[i] = speed > t->fastest[i] ? speed : t->fastest[i];
		t->bytes[i] += bytes;
		t->speed[i] += speed;
	}
	if (r->statistics.elapsed_ns > t->longest_ns)
		t->longest_ns = r->statistics.elapsed_ns;
}

static void print_total(FILE *to, const struct total *t)
{
	static const char *const names[] = {"   READ", "  WRITE"};
	char a[NUMBER_TEXT], b[NUMBER_TEXT], c[NUMBER_TEXT], d[NUMBER_TEXT];

	fprintf(to, "\nRun status group %u (all jobs):\n", t->group);
	for (int i = 0; i < 2; i++)
		if (t->bytes[i])
			fprintf(to, "%s: bw=%s/s, %s/s-%s/s, io=%s, run=%llumsec\n",
				names[i], binary_short(a, t->speed[i]),
				binary_short(b, t->slowest[i]),
				binary_short(c, t->fastest[i]),
				binary_short(d, (double)t->bytes[i]),
				(unsigned long long)(t->longest_ns / 1000000));
}

static void print_totals(FILE *to, const struct run *run, struct run_report *report)
{
	struct total total = {0};
	size_t count = run_nr_reports(run);

	for (size_t i = 0; i < count; i++) {
		run_report(run, i, report);
		if (report->first->group != total.group) {
			print_total(to, &total);
			total = (struct total){.group = report->first->group};
		}
		total_add(&total, report);
	}
	if (count)
		print_total(to, &total);
}

void bench_text(const struct run *run, FILE *to)
{
	struct run_report *report = malloc(sizeof(*report));

	for (size_t i = 0; report && i < run_nr_reports(run); i++) {
		run_report(run, i, report);
		print_report(to, report);
	}
	if (report)
		print_totals(to, run, report);
	free(report);
	print_disks(to, run);
}
