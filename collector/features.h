/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What this kernel and this user can do, found out by trying. */
#ifndef FATHOM_COLLECTOR_FEATURES_H
#define FATHOM_COLLECTOR_FEATURES_H

struct failure;

struct feature {
	const char *name; /* one word, the key in JSON: "uprobe_multi" */
	const char *what; /* what it is good for, for people */
	/* 0: it is there, @text may hold a detail. Negative: it is not, @text says why
	 * and how to get it. Changes nothing that outlives the call. */
	int (*check)(struct failure *text);
};

/* In the order of doctor's lines; ends with a row whose name is NULL. */
extern const struct feature features[];

#endif
