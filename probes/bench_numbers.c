// SPDX-License-Identifier: GPL-2.0-or-later
/* Numbers as fio's summary writes them (lib/num2str.c). */
#include "probes/bench_numbers.h"

#include <stdio.h>

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

const char *count_short(char *text, double value)
{
	static const char *const units[] = {"", "k", "M", "G", "T", NULL};

	return short_number(text, value, 1000, units);
}

const char *binary_short(char *text, double bytes)
{
	static const char *const units[] = {"KiB", "MiB", "GiB", "TiB", "PiB", NULL};

	if (bytes < 1024)
		snprintf(text, NUMBER_TEXT, "%.0fB", bytes);
	else
		short_number(text, bytes / 1024, 1024, units);
	return text;
}

const char *decimal_short(char *text, double bytes)
{
	static const char *const units[] = {"kB", "MB", "GB", "TB", "PB", NULL};

	if (bytes < 1000)
		snprintf(text, NUMBER_TEXT, "%.0fB", bytes);
	else
		short_number(text, bytes / 1000, 1000, units);
	return text;
}
