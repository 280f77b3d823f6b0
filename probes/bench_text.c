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
	snprintf(text, NUMBER_TEXT, "%.*f%s", *units[unit] && digits < 4 ? 3 - digits : 0,
		 value, units[unit]);
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

/* fio's rule: the largest unit in which none of them is lost. */
static unsigned percentile_unit(const uint64_t *values)
{
	uint64_t least = values[0], most = values[NR_PERCENTILES - 1];

	if (least > 2000000 && most > 99999999)
		return 2;
	return least > 2000 && most > 99999;
}

/* fio's table, 80 columns wide; values round up. */
static void print_percentiles(FILE *to, const struct histogram *h)
{
	uint64_t values[NR_PERCENTILES];
	unsigned unit, columns;
	int width;

	if (!h->count)
		return;
	for (int i = 0; i < NR_PERCENTILES; i++)
		values[i] = histogram_percentile(h, percentile_list[i]);
	unit = percentile_unit(values);
	for (int i = 0; i < NR_PERCENTILES; i++)
		for (unsigned k = 0; k < unit; k++)
			values[i] = (values[i] + 999) / 1000;
	width = snprintf(NULL, 0, "%5llu",
			 (unsigned long long)values[NR_PERCENTILES - 1]);
	columns = (80 - 7) / (unsigned)(width + 13);
	fprintf(to, "    lat percentiles (%s):\n", scales[unit].name);
	for (unsigned i = 0; i < NR_PERCENTILES; i++)
		fprintf(to, "%s%5.2fth=[%*llu]%s", i % columns ? " " : "     | ",
			percentile_list[i], width, (unsigned long long)values[i],
			i == NR_PERCENTILES - 1	     ? "\n"
			: i % columns == columns - 1 ? ",\n"
						     : ",");
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

/* Rounded up: nothing takes no time at all. */
static unsigned long long milliseconds(uint64_t ns)
{
	return (ns + 999999) / 1000000;
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
		milliseconds(r->statistics.elapsed_ns));
	print_latency(to, "slat", &d->slat);
	print_latency(to, "clat", &d->clat);
	print_latency(to, " lat", &d->lat);
	print_percentiles(to, &d->lat);
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

/* The kernel counts CPU time in ticks when a thread does not sleep: of a job that is
 * over before the first it knows none. */
static void print_cpu(FILE *to, const struct statistics *s)
{
	double whole = (double)s->thread_ns;
	double used = (double)(s->cpu.user_ns + s->cpu.system_ns);
	uint64_t ios = s->direction[0].ios + s->direction[1].ios;

	fprintf(to, "  cpu          : ");
	if (used > 0)
		fprintf(to, "usr=%3.2f%%, sys=%3.2f%%, ",
			percent_of((double)s->cpu.user_ns, whole),
			percent_of((double)s->cpu.system_ns, whole));
	fprintf(to, "ctx=%llu, majf=%llu, minf=%llu", (unsigned long long)s->cpu.switches,
		(unsigned long long)s->cpu.major_faults,
		(unsigned long long)s->cpu.minor_faults);
	if (used > 0 && ios)
		fprintf(to, ", per I/O=%.2fus", used / 1000 / (double)ios);
	fprintf(to, "\n");
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
		"  polling      : %s, windows=%llu, hits=%.1f%%, grown=%llu, shrunk=%llu, "
		"naps=%llu, waits=%llu\n     burnt      : polling=%.2f%% of the time, of which in "
		"vain=%.2f%%\n",
		r->job->poll_rule->name, (unsigned long long)p->windows,
		percent_of((double)p->hits, (double)p->windows),
		(unsigned long long)p->grown, (unsigned long long)p->shrunk,
		(unsigned long long)p->naps, (unsigned long long)p->waits,
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
			(unsigned long long)d->queue_ms, run_disk_util(run, i));
	}
}

/* All reports of a group added up, for its closing lines. */
struct total {
	unsigned group;
	uint64_t bytes[2], longest_ns[2], shortest_ns[2];
	double slowest[2], fastest[2]; /* bytes per second */
};

static double per_second(uint64_t count, uint64_t ns)
{
	return ns ? (double)count * 1e9 / (double)ns : 0;
}

static void total_add(struct total *t, const struct run_report *r)
{
	uint64_t ns = r->statistics.elapsed_ns;

	for (int i = 0; i < 2; i++) {
		uint64_t bytes = r->statistics.direction[i].bytes;
		double speed = per_second(bytes, ns);

		if (!bytes)
			continue;
		if (!t->bytes[i] || speed < t->slowest[i])
			t->slowest[i] = speed;
		if (speed > t->fastest[i])
			t->fastest[i] = speed;
		if (!t->bytes[i] || ns < t->shortest_ns[i])
			t->shortest_ns[i] = ns;
		if (ns > t->longest_ns[i])
			t->longest_ns[i] = ns;
		t->bytes[i] += bytes;
	}
}

static void print_total(FILE *to, const struct total *t)
{
	static const char *const names[] = {"   READ", "  WRITE"};
	char binary[4][NUMBER_TEXT], decimal[4][NUMBER_TEXT];

	fprintf(to, "\nRun status group %u (all jobs):\n", t->group);
	for (int i = 0; i < 2; i++) {
		const double values[] = {per_second(t->bytes[i], t->longest_ns[i]),
					 t->slowest[i], t->fastest[i],
					 (double)t->bytes[i]};

		for (int k = 0; k < 4; k++) {
			binary_short(binary[k], values[k]);
			decimal_short(decimal[k], values[k]);
		}
		if (t->bytes[i])
			fprintf(to,
				"%s: bw=%s/s (%s/s), %s/s-%s/s (%s/s-%s/s), io=%s (%s), "
				"run=%llu-%llumsec\n",
				names[i], binary[0], decimal[0], binary[1], binary[2],
				decimal[1], decimal[2], binary[3], decimal[3],
				milliseconds(t->shortest_ns[i]),
				milliseconds(t->longest_ns[i]));
	}
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
