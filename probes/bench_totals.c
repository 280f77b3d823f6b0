// SPDX-License-Identifier: GPL-2.0-or-later
/* The closing lines of the summary: all reports of a group added up. */
#include "probes/bench_report.h"

#include "core/json_members.h"
#include "probes/bench_numbers.h"

struct total {
	uint64_t group;
	uint64_t bytes[2], longest_ns[2], shortest_ns[2];
	double slowest[2], fastest[2]; /* bytes per second */
};

static double per_second(uint64_t count, uint64_t ns)
{
	return ns ? (double)count * 1e9 / (double)ns : 0;
}

static void total_add(struct total *t, const json_t *report)
{
	uint64_t ns = member_count(json_object_get(report, "fathom"), "elapsed_ns");

	for (int i = 0; i < 2; i++) {
		uint64_t bytes = member_count(
			json_object_get(report, direction_names[i]), "io_bytes");
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

	fprintf(to, "\nRun status group %llu (all jobs):\n", (unsigned long long)t->group);
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

void bench_totals(const json_t *reports, FILE *to)
{
	struct total total = {0};
	const json_t *report;
	size_t i;

	json_array_foreach(reports, i, report)
	{
		uint64_t group = member_count(report, "groupid");

		if (group != total.group) {
			print_total(to, &total);
			total = (struct total){.group = group};
		}
		total_add(&total, report);
	}
	if (i)
		print_total(to, &total);
}
