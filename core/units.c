// SPDX-License-Identifier: GPL-2.0-or-later
/* Sizes and times as fio writes them, in and out. */
#include "core/units.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "core/failure.h"

struct unit {
	const char *suffix;
	uint64_t factor;
};

/* fio with kb_base=1024: "k", "kb" and "ki" and "kib" are all 1024. */
static const struct unit size_units[] = {
	{"", 1},	   {"b", 1},	      {"k", 1ULL << 10}, {"m", 1ULL << 20},
	{"g", 1ULL << 30}, {"t", 1ULL << 40}, {"p", 1ULL << 50}, {NULL, 0},
};

static const struct unit time_units[] = {
	{"ns", 1},
	{"us", 1000},
	{"usec", 1000},
	{"ms", 1000000},
	{"msec", 1000000},
	{"s", 1000000000},
	{"m", 60ULL * 1000000000},
	{"h", 3600ULL * 1000000000},
	{"d", 86400ULL * 1000000000},
	{NULL, 0},
};

static const struct unit *find_unit(const struct unit *units, const char *suffix,
				    size_t length)
{
	for (; units->suffix; units++)
		if (!strncasecmp(units->suffix, suffix, length) && !units->suffix[length])
			return units;
	return NULL;
}

/* "kib", "kb" and "ki" name the unit "k". */
static size_t size_suffix_length(const char *suffix, size_t length)
{
	if (length > 1 && (suffix[length - 1] == 'b' || suffix[length - 1] == 'B'))
		length--;
	if (length > 1 && (suffix[length - 1] == 'i' || suffix[length - 1] == 'I'))
		length--;
	return length;
}

static int whole_part(const char *text, const char **rest, uint64_t *value,
		      struct failure *f)
{
	char *end;

	if (!isdigit((unsigned char)*text))
		return fail(f, -EINVAL, "'%s' does not start with a number", text);
	errno = 0;
	*value = strtoull(text, &end, !strncasecmp(text, "0x", 2) ? 16 : 10);
	if (errno)
		return fail(f, -ERANGE, "'%s' is too large", text);
	*rest = end;
	return 0;
}

int number_parse(const char *text, uint64_t *value, struct failure *f)
{
	const char *rest;
	int err = whole_part(text, &rest, value, f);

	if (!err && *rest)
		return fail(f, -EINVAL, "'%s' is not a whole number", text);
	return err;
}

int size_parse(const char *text, uint64_t *bytes, struct failure *f)
{
	const struct unit *unit;
	const char *rest;
	size_t length = 0;
	int err = whole_part(text, &rest, bytes, f);

	if (err)
		return err;
	while (rest[length])
		length++;
	unit = find_unit(size_units, rest, size_suffix_length(rest, length));
	if (!unit)
		return fail(f, -EINVAL, "'%s' has no known size suffix (k, m, g, t, p)",
			    text);
	if (__builtin_mul_overflow(*bytes, unit->factor, bytes))
		return fail(f, -ERANGE, "'%s' is too large", text);
	return 0;
}

int time_parse(const char *text, uint64_t unit_ns, uint64_t *ns, struct failure *f)
{
	uint64_t factor = unit_ns;
	size_t length = 0;
	char *rest;
	double value;

	if (!isdigit((unsigned char)*text))
		return fail(f, -EINVAL, "'%s' does not start with a number", text);
	value = strtod(text, &rest);
	while (rest[length])
		length++;
	if (length) {
		const struct unit *unit = find_unit(time_units, rest, length);

		if (!unit)
			return fail(
				f, -EINVAL,
				"'%s' has no known time suffix (ns, us, ms, s, m, h, d)",
				text);
		factor = unit->factor;
	}
	value *= (double)factor;
	if (!(value < 9.2e18))
		return fail(f, -ERANGE, "'%s' is too long a time", text);
	*ns = (uint64_t)(value + 0.5);
	return 0;
}

/* Three significant digits: 1.23, 12.3, 123. */
static void scaled(char *text, double value, const char *unit)
{
	int decimals = fabs(value) < 9.995 ? 2 : fabs(value) < 99.95 ? 1 : 0;

	snprintf(text, UNIT_TEXT, "%.*f%s", decimals, value, unit);
}

char *time_text(char *text, double ns)
{
	if (ns < 999.5)
		snprintf(text, UNIT_TEXT, "%.0f ns", ns);
	else if (ns < 999.5e3)
		scaled(text, ns / 1e3, " us");
	else if (ns < 999.5e6)
		scaled(text, ns / 1e6, " ms");
	else
		scaled(text, ns / 1e9, " s");
	return text;
}

char *size_text(char *text, double bytes)
{
	static const char *const units[] = {" B",   " KiB", " MiB", " GiB",
					    " TiB", " PiB", NULL};
	size_t i = 0;

	while (bytes >= 1023.5 && units[i + 1]) {
		bytes /= 1024;
		i++;
	}
	if (!i)
		snprintf(text, UNIT_TEXT, "%.0f B", bytes);
	else
		scaled(text, bytes, units[i]);
	return text;
}

char *count_text(char *text, double count)
{
	if (count < 999.5)
		snprintf(text, UNIT_TEXT, "%.0f", count);
	else if (count < 999.5e3)
		scaled(text, count / 1e3, "k");
	else if (count < 999.5e6)
		scaled(text, count / 1e6, "M");
	else
		scaled(text, count / 1e9, "G");
	return text;
}
