/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The set of processes whose hits count, kept by the kernel itself: BPF programs on
 * fork and on the end of a task maintain a hash of process ids.
 */
#ifndef FATHOM_COLLECTOR_FOLLOW_H
#define FATHOM_COLLECTOR_FOLLOW_H

#include "collector/target.h"

struct failure;

struct follow {
	int tree;	/* map: u32 process id to u8; -1 none */
	int fork, gone; /* tracepoint events; -1 none */
};

/* Puts the target's processes into a new map and, if they are followed, keeps their
 * children in it. */
int follow_start(struct follow *follow, const struct target *target, struct failure *f);
void follow_end(struct follow *follow);

#endif
