/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The latencies of a made-up device: "12us", or several with their percent as in fio's
 * bssplit, "12us/80:400us/20". Each is drawn up to a tenth shorter or longer.
 */
#ifndef FATHOM_PROBES_LATENCY_MIX_H
#define FATHOM_PROBES_LATENCY_MIX_H

#include <stddef.h>
#include <stdint.h>

#include "probes/random.h"

struct failure;

enum { LATENCY_PARTS_MAX = 8, LATENCY_DEFAULT_NS = 10000 };

struct latency_mix {
	struct {
		uint64_t ns, percent;
	} parts[LATENCY_PARTS_MAX];
	size_t nr; /* 0: LATENCY_DEFAULT_NS always */
};

/* 0, or -EINVAL or -ERANGE with what is wrong. */
int latency_mix_parse(struct latency_mix *mix, const char *text, struct failure *f);

uint64_t latency_mix_draw(const struct latency_mix *mix, struct random *random);

#endif
