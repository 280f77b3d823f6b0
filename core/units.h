/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sizes and times as fio writes them, in and out.
 * Source: fio's HOWTO, "Parameter types" (kb_base=1024, unit_base default).
 */
#ifndef FATHOM_CORE_UNITS_H
#define FATHOM_CORE_UNITS_H

#include <stddef.h>
#include <stdint.h>

struct failure;

/*
 * "4096", "64k", "128m", "1g", "4KiB", "4kb": powers of 1024, case ignored, as in
 * fio by default. Returns 0, or -EINVAL or -ERANGE with the reason in @f.
 */
int size_parse(const char *text, uint64_t *bytes, struct failure *f);

/* "10", "10s", "500ms", "20us", "100ns", "2m", "1h", "1d". Without a suffix the
 * unit is @unit_ns. Fractions ("0.5s") are allowed. */
int time_parse(const char *text, uint64_t unit_ns, uint64_t *ns, struct failure *f);

/* A plain decimal or 0x number, the whole text. */
int number_parse(const char *text, uint64_t *value, struct failure *f);

enum { UNIT_TEXT = 32 };

/* Each writes into @text (at least UNIT_TEXT bytes) and returns it. */
char *time_text(char *text, double ns);       /* "850 ns", "12.3 us", "1.20 s" */
char *size_text(char *text, double bytes);    /* "4096 B", "64.0 KiB" */
char *count_text(char *text, double count);   /* "999", "12.3k", "4.56M" */

#endif
