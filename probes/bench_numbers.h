/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Numbers as fio's summary writes them: four digits at most, and a letter. */
#ifndef FATHOM_PROBES_BENCH_NUMBERS_H
#define FATHOM_PROBES_BENCH_NUMBERS_H

#include <stdint.h>

enum { NUMBER_TEXT = 32 };

/* Each writes into @text (NUMBER_TEXT bytes) and returns it. */
const char *count_short(char *text, double value);   /* "187", "25.1k" */
const char *binary_short(char *text, double bytes);  /* "98.2MiB" */
const char *decimal_short(char *text, double bytes); /* "103MB" */

/* Rounded up: nothing takes no time at all. */
static inline unsigned long long milliseconds(uint64_t ns)
{
	return ns / 1000000 + (ns % 1000000 > 0);
}

#endif
