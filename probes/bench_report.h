/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The results of a run, for programs and for people, in fio's terms. */
#ifndef FATHOM_PROBES_BENCH_REPORT_H
#define FATHOM_PROBES_BENCH_REPORT_H

#include <jansson.h>
#include <stdint.h>
#include <stdio.h>

struct histogram;
struct run;
struct warnings;

/* The results as fio's JSON (fio --output-format=json, 3.33), with more under "fathom",
 * also why the run failed (@error, NULL if it did not); NULL without memory. */
json_t *bench_results(const struct run *run, const char *error);

/* Those of "fathom": [{id, subject, text}]; the text begins with its subject. */
json_t *bench_warnings(const struct warnings *warnings);

/* 0, -ENOMEM, or the errno of @to. */
int bench_json(const json_t *results, FILE *to);

/* fio's summary of them, and what fio does not have: polling. */
void bench_text(const json_t *results, FILE *to);

/* … its closing lines, of the reports under "jobs". */
void bench_totals(const json_t *reports, FILE *to);

/* fio's default percentiles, as numbers and as its JSON spells them. */
enum { NR_PERCENTILES = 17, PERCENTILE_KEY = 16 };
extern const double percentile_list[NR_PERCENTILES];
const char *percentile_key(char key[PERCENTILE_KEY], int index);

/* The keys of what reads and writes did, by IO_READ and IO_WRITE. */
extern const char *const direction_names[2];

/* fio's classes of latency, in three units, and their labels. */
enum { NS_CLASSES = 10, US_CLASSES = 10, MS_CLASSES = 12 };
extern const char *const ns_labels[NS_CLASSES];
extern const char *const us_labels[US_CLASSES];
extern const char *const ms_labels[MS_CLASSES];
extern const char *const depth_labels[];
extern const char *const batch_labels[];

/* Parts of @clat's values, in percent. */
struct latency_classes {
	double ns[NS_CLASSES], us[US_CLASSES], ms[MS_CLASSES];
};

void latency_classify(struct latency_classes *classes,
		      const struct histogram *const *clat, unsigned count);

static inline double percent_of(double part, double whole)
{
	return whole > 0 ? 100 * part / whole : 0;
}

#endif
