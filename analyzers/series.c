// SPDX-License-Identifier: GPL-2.0-or-later
/* A value over time in bounded memory, and its plot. */
#include "analyzers/series.h"

#include "core/text.h"
#include "core/units.h"

enum { PLOT_COLUMNS_MAX = 256, LABEL_COLUMNS = 12 };

static void add_bucket(struct series_bucket *to, const struct series_bucket *from)
{
	to->area += from->area;
	to->held += from->held;
	if (from->max > to->max)
		to->max = from->max;
}

/* Neighbours become one, so that the second half is free again. */
static void merge_neighbours(struct series *t)
{
	for (unsigned i = 0; i < SERIES_BUCKETS; i++) {
		struct series_bucket from = t->buckets[i];

		t->buckets[i] = (struct series_bucket){0};
		add_bucket(&t->buckets[i / 2], &from);
	}
	t->bucket_ns *= 2;
}

/* The value is held from now_ns up to @until, which lies in the buckets. */
static void hold(struct series *t, uint64_t until)
{
	while (t->now_ns < until) {
		uint64_t from = t->now_ns - t->start_ns;
		uint64_t index = from / t->bucket_ns;
		uint64_t ns = t->bucket_ns - from % t->bucket_ns,
			 left = until - t->now_ns;
		struct series_bucket piece;

		if (ns > left)
			ns = left;
		piece = (struct series_bucket){(double)ns * (double)t->value, t->value,
					       ns};

		add_bucket(&t->buckets[index], &piece);
		t->now_ns += ns;
	}
}

void series_set(struct series *t, uint64_t time_ns, uint64_t value)
{
	if (!t->bucket_ns) {
		t->start_ns = t->now_ns = time_ns;
		t->bucket_ns = SERIES_FIRST_NS;
	}
	while (time_ns > t->now_ns &&
	       (time_ns - t->start_ns - 1) / t->bucket_ns >= SERIES_BUCKETS)
		merge_neighbours(t);
	hold(t, time_ns);
	t->value = value;
}

unsigned series_used(const struct series *t)
{
	if (!t->bucket_ns || t->now_ns == t->start_ns)
		return 0;
	return (unsigned)((t->now_ns - t->start_ns - 1) / t->bucket_ns + 1);
}

unsigned series_condense(const struct series *t, struct series_bucket *to, unsigned count)
{
	unsigned used = series_used(t);

	if (count > used)
		count = used;
	for (unsigned i = 0; i < count; i++)
		to[i] = (struct series_bucket){0};
	for (unsigned i = 0; i < used; i++)
		add_bucket(&to[(uint64_t)i * count / used], &t->buckets[i]);
	return count;
}

double series_mean(const struct series_bucket *bucket)
{
	return bucket->held ? bucket->area / (double)bucket->held : 0;
}

/* The label and the cells, without the blanks behind the last that is filled. */
static void plot_row(FILE *to, const char *label, const struct series_bucket *columns,
		     unsigned nr, double from, double step)
{
	while (nr && (series_mean(&columns[nr - 1]) - from) / step * 8 < 0.5)
		nr--;
	fprintf(to, "%*s%s", *label || nr ? LABEL_COLUMNS : 0, label, nr ? " " : "");
	for (unsigned i = 0; i < nr; i++) {
		double above = series_mean(&columns[i]) - from;

		fputs(text_block(above / step), to);
	}
	fputc('\n', to);
}

/* "0" under the first column and the whole time under the last */
static void plot_axis(const struct series *t, FILE *to, unsigned nr)
{
	char end[UNIT_TEXT];
	int width;

	time_text(end, (double)(t->now_ns - t->start_ns));
	width = nr > 2 ? (int)nr - 1 : 1;
	fprintf(to, "%*s 0%*s\n", LABEL_COLUMNS, "", width, end);
}

void series_plot(const struct series *t, FILE *to, unsigned height,
		 char *(*label)(char *text, double value))
{
	struct series_bucket columns[PLOT_COLUMNS_MAX];
	unsigned width = text_columns(to), nr;
	double top = 0;
	char text[UNIT_TEXT];

	width = width < LABEL_COLUMNS + 20 ? 20 : width - LABEL_COLUMNS - 1;
	if (width > PLOT_COLUMNS_MAX)
		width = PLOT_COLUMNS_MAX;
	nr = series_condense(t, columns, width);
	for (unsigned i = 0; i < nr; i++)
		if (series_mean(&columns[i]) > top)
			top = series_mean(&columns[i]);
	if (!nr || top <= 0)
		return;
	for (unsigned row = height; row-- > 0;) {
		bool labelled = row == height - 1 || row == height / 2 || row == 0;

		plot_row(to, labelled ? label(text, top * (row + 1) / height) : "",
			 columns, nr, top * row / height, top / height);
	}
	plot_axis(t, to, nr);
}
