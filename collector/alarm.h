/* SPDX-License-Identifier: GPL-2.0-or-later */
/* That something happened for which a snapshot is to be written: the first of its kind
 * since the alarm was last taken, and how many came after it. */
#ifndef FATHOM_COLLECTOR_ALARM_H
#define FATHOM_COLLECTOR_ALARM_H

#include <stdint.h>

enum { ALARM_TEXT = 256 };

struct alarm {
	uint64_t count;	      /* 0: nothing happened */
	char why[ALARM_TEXT]; /* of the first, without bytes that drive a terminal */
};

void alarm_raise(struct alarm *alarm, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
