// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The results for people, laid out as fio does (stat.c, show_thread_status_normal).
 *
 * They are printed from the JSON form, whether this process measured them or an agent
 * sent them: there is one truth, and a summary cannot say what the JSON does not.
 */
#include "probes/bench_report.h"

#include <string.h>

#include "core/json_members.h"
#include "core/text.h"
#include "probes/bench_numbers.h"
#include "probes/statistics.h"

/* Names come from a job file, or from another machine. */
static const char *escaped(char *text, size_t size, const json_t *o, const char *key)
{
	const char *name = member_text(o, key);

	text_escape(text, size, name, strlen(name), 0);
	return text;
}

struct scale {
	const char *name;
	double ns;
};

static const struct scale scales[] = {{"nsec", 1}, {"usec", 1e3}, {"msec", 1e6}};

/* fio's rule: the largest unit in which minimum and deviation are not lost. */
static const struct scale *scale_of(const json_t *latency)
{
	uint64_t min = member_count(latency, "min"), max = member_count(latency, "max");
	double deviation = member_number(latency, "stddev");

	if (min > 2000000 && max > 99999999 && deviation > 1000000)
		return &scales[2];
	if (min > 2000 && max > 99999 && deviation > 1000)
		return &scales[1];
	return &scales[0];
}

static void print_latency(FILE *to, const char *name, const json_t *latency)
{
	const struct scale *scale = scale_of(latency);
	char low[NUMBER_TEXT], high[NUMBER_TEXT];

	if (!member_count(latency, "N"))
		return;
	fprintf(to, "    %s (%s): min=%s, max=%s, avg=%5.2f, stdev=%5.2f\n", name,
		scale->name, count_short(low, member_number(latency, "min") / scale->ns),
		count_short(high, member_number(latency, "max") / scale->ns),
		member_number(latency, "mean") / scale->ns,
		member_number(latency, "stddev") / scale->ns);
}

/* fio's rule: the largest unit in which none of them is lost. */
static unsigned percentile_unit(const uint64_t *values)
{
	uint64_t least = values[0], most = values[NR_PERCENTILES - 1];

	if (least > 2000000 && most > 99999999)
		return 2;
	return least > 2000 && most > 99999;
}

static bool get_percentiles(const json_t *latency, uint64_t *values)
{
	const json_t *list = json_object_get(latency, "percentile");
	char key[PERCENTILE_KEY];

	for (int i = 0; i < NR_PERCENTILES; i++)
		values[i] = member_count(list, percentile_key(key, i));
	return list != NULL;
}

/* fio's table, 80 columns wide; values round up. */
static void print_percentiles(FILE *to, const json_t *latency)
{
	uint64_t values[NR_PERCENTILES];
	unsigned unit, columns;
	int width;

	if (!get_percentiles(latency, values))
		return;
	unit = percentile_unit(values);
	for (int i = 0; i < NR_PERCENTILES; i++)
		for (unsigned k = 0; k < unit; k++)
			values[i] = values[i] / 1000 + (values[i] % 1000 > 0);
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

static void print_samples(FILE *to, const json_t *d)
{
	bool mega = member_number(d, "bw_mean") > 1024 * 1024; /* as in fio */
	double unit = mega ? 1024 : 1;

	if (!member_count(d, "bw_samples"))
		return;
	fprintf(to,
		"   bw (  %s/s): min=%5.0f, max=%5.0f, per=%.2f%%, avg=%.2f, "
		"stdev=%.2f, samples=%llu\n",
		mega ? "MiB" : "KiB", member_number(d, "bw_min") / unit,
		member_number(d, "bw_max") / unit, member_number(d, "bw_agg"),
		member_number(d, "bw_mean") / unit,
		member_number(d, "bw_dev") / unit,
		(unsigned long long)member_count(d, "bw_samples"));
	fprintf(to,
		"   iops        : min=%5.0f, max=%5.0f, avg=%.2f, stdev=%.2f, "
		"samples=%llu\n",
		member_number(d, "iops_min"), member_number(d, "iops_max"),
		member_number(d, "iops_mean"), member_number(d, "iops_stddev"),
		(unsigned long long)member_count(d, "iops_samples"));
}

static void print_direction(FILE *to, const char *name, const json_t *report)
{
	const json_t *d = json_object_get(report, name);
	uint64_t elapsed_ns = member_count(json_object_get(report, "fathom"),
					   "elapsed_ns");
	double bytes = member_number(d, "io_bytes"), seconds = (double)elapsed_ns / 1e9;
	double speed = seconds > 0 ? bytes / seconds : 0;
	char rate[NUMBER_TEXT], a[NUMBER_TEXT], b[NUMBER_TEXT], c[NUMBER_TEXT];

	if (!member_count(d, "total_ios"))
		return;
	fprintf(to, "  %s: IOPS=%s, BW=%s/s (%s/s)(%s/%llumsec)\n", name,
		count_short(rate, member_number(d, "iops")), binary_short(a, speed),
		decimal_short(b, speed), binary_short(c, bytes), milliseconds(elapsed_ns));
	print_latency(to, "slat", json_object_get(d, "slat_ns"));
	print_latency(to, "clat", json_object_get(d, "clat_ns"));
	print_latency(to, " lat", json_object_get(d, "lat_ns"));
	print_percentiles(to, json_object_get(d, "lat_ns"));
	print_samples(to, d);
}

/* Five classes a line, those that are empty left out. */
static void print_classes(FILE *to, const char *unit, const json_t *parts,
			  const char *const *labels, int count)
{
	int printed = 0;

	for (int i = 0; i < count; i++) {
		double part = member_number(parts, labels[i]);

		if (part <= 0)
			continue;
		if (printed % 5 == 0)
			fprintf(to, "%s  lat (%s)   : ", printed ? "\n" : "", unit);
		else
			fprintf(to, ", ");
		fprintf(to, "%s=%3.2f%%", labels[i], part < 0.01 ? 0.01 : part);
		printed++;
	}
	if (printed)
		fprintf(to, "\n");
}

static void print_shares(FILE *to, const char *name, const json_t *parts,
			 const char *const *labels)
{
	fprintf(to, "  %-12s :", name);
	for (int i = 0; i < DEPTH_CLASSES; i++)
		fprintf(to, "%s %s=%3.1f%%", i ? "," : "", labels[i],
			member_number(parts, labels[i]));
	fprintf(to, "\n");
}

static void print_distributions(FILE *to, const json_t *report)
{
	print_classes(to, "nsec", json_object_get(report, "latency_ns"), ns_labels,
		      NS_CLASSES);
	print_classes(to, "usec", json_object_get(report, "latency_us"), us_labels,
		      US_CLASSES);
	print_classes(to, "msec", json_object_get(report, "latency_ms"), ms_labels,
		      MS_CLASSES);
}

/* Of both directions together. */
static uint64_t sum_of(const json_t *report, const char *key)
{
	uint64_t sum = 0;

	for (int i = 0; i < 2; i++)
		sum += member_count(json_object_get(report, direction_names[i]), key);
	return sum;
}

/* The kernel counts CPU time in ticks when a thread does not sleep: of a job that is
 * over before the first it knows none. */
static void print_cpu(FILE *to, const json_t *report)
{
	double used = member_number(json_object_get(report, "fathom"), "cpu_ns");
	uint64_t ios = sum_of(report, "total_ios");

	fprintf(to, "  cpu          : ");
	if (used > 0)
		fprintf(to, "usr=%3.2f%%, sys=%3.2f%%, ", member_number(report, "usr_cpu"),
			member_number(report, "sys_cpu"));
	fprintf(to, "ctx=%llu, majf=%llu, minf=%llu",
		(unsigned long long)member_count(report, "ctx"),
		(unsigned long long)member_count(report, "majf"),
		(unsigned long long)member_count(report, "minf"));
	if (used > 0 && ios)
		fprintf(to, ", per I/O=%.2fus", used / 1000 / (double)ios);
	fprintf(to, "\n");
}

static void print_depths(FILE *to, const json_t *report)
{
	const json_t *read = json_object_get(report, "read");
	const json_t *write = json_object_get(report, "write");
	const json_t *sync = json_object_get(report, "sync");

	print_shares(to, "IO depths", json_object_get(report, "iodepth_level"),
		     depth_labels);
	print_shares(to, "   submit", json_object_get(report, "iodepth_submit"),
		     batch_labels);
	print_shares(to, "   complete", json_object_get(report, "iodepth_complete"),
		     batch_labels);
	fprintf(to,
		"     issued rwts: total=%llu,%llu,0,%llu short=%llu,%llu,0,0 "
		"dropped=0,0,0,0\n",
		(unsigned long long)member_count(read, "total_ios"),
		(unsigned long long)member_count(write, "total_ios"),
		(unsigned long long)member_count(sync, "total_ios"),
		(unsigned long long)member_count(read, "short_ios"),
		(unsigned long long)member_count(write, "short_ios"));
}

static void print_polling(FILE *to, const json_t *report)
{
	const json_t *own = json_object_get(report, "fathom");
	const json_t *p = json_object_get(own, "polling");
	double whole = member_number(own, "thread_ns");
	double empty = member_number(p, "empty_ns");
	char rule[32];

	if (!member_count(p, "max_ns"))
		return;
	fprintf(to,
		"  polling      : %s, windows=%llu, hits=%.1f%%, grown=%llu, shrunk=%llu, "
		"naps=%llu, waits=%llu\n     burnt      : polling=%.2f%% of the time, of which in "
		"vain=%.2f%%\n",
		escaped(rule, sizeof(rule), p, "algorithm"),
		(unsigned long long)member_count(p, "windows"),
		percent_of(member_number(p, "hits"), member_number(p, "windows")),
		(unsigned long long)member_count(p, "grown"),
		(unsigned long long)member_count(p, "shrunk"),
		(unsigned long long)member_count(p, "naps"),
		(unsigned long long)member_count(p, "waits"),
		percent_of(member_number(p, "hit_ns") + empty, whole),
		percent_of(empty, whole));
}

static void print_report(FILE *to, const json_t *report, const char *date)
{
	const json_t *own = json_object_get(report, "fathom");
	const json_t *sync = json_object_get(report, "sync");
	char name[256], engine[64];

	fprintf(to, "\n%s: (groupid=%llu, jobs=%llu): err=%2lld: %s, iodepth=%llu: %s\n",
		escaped(name, sizeof(name), report, "jobname"),
		(unsigned long long)member_count(report, "groupid"),
		(unsigned long long)member_count(own, "workers"),
		(long long)member_integer(report, "error"),
		escaped(engine, sizeof(engine), own, "ioengine"),
		(unsigned long long)member_count(own, "iodepth"), date);
	for (int i = 0; i < 2; i++)
		print_direction(to, direction_names[i], report);
	if (member_count(sync, "total_ios")) {
		fprintf(to, "  fsync:\n");
		print_latency(to, "sync", json_object_get(sync, "lat_ns"));
	}
	print_distributions(to, report);
	print_cpu(to, report);
	print_depths(to, report);
	print_polling(to, report);
}

static void print_disks(FILE *to, const json_t *disks)
{
	const json_t *d;
	char name[64];
	size_t i;

	if (json_array_size(disks))
		fprintf(to, "\nDisk stats (read/write):\n");
	json_array_foreach(disks, i, d)
		fprintf(to,
			"  %s: ios=%llu/%llu, merge=%llu/%llu, ticks=%llu/%llu, "
			"in_queue=%llu, util=%3.2f%%\n",
			escaped(name, sizeof(name), d, "name"),
			(unsigned long long)member_count(d, "read_ios"),
			(unsigned long long)member_count(d, "write_ios"),
			(unsigned long long)member_count(d, "read_merges"),
			(unsigned long long)member_count(d, "write_merges"),
			(unsigned long long)member_count(d, "read_ticks"),
			(unsigned long long)member_count(d, "write_ticks"),
			(unsigned long long)member_count(d, "in_queue"),
			member_number(d, "util"));
}

void bench_text(const json_t *results, FILE *to)
{
	const json_t *reports = json_object_get(results, "jobs"), *report;
	char date[64];
	size_t i;

	escaped(date, sizeof(date), results, "time");
	json_array_foreach(reports, i, report)
		print_report(to, report, date);
	bench_totals(reports, to);
	print_disks(to, json_object_get(results, "disk_util"));
}
