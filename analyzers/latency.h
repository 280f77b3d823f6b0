/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How long requests took, in groups: what fathom latency and fathom report show. */
#ifndef FATHOM_ANALYZERS_LATENCY_H
#define FATHOM_ANALYZERS_LATENCY_H

#include "core/histogram.h"
#include "trace/requests/requests.h"

enum latency_by { BY_OP, BY_SIZE, BY_THREAD, BY_FD, LATENCY_BYS };

enum { LATENCY_GROUPS_MAX = 256 }; /* more go to one group "other" */

struct latency_group {
	int64_t value; /* op number, length, tid or fd, by latency.by */
	char *thread;  /* BY_THREAD: the name the thread had, else NULL */
	bool is_other;
	struct histogram histogram; /* ns */
};

struct latency {
	enum latency_by by;
	const struct requests *requests;
	struct latency_group *groups[LATENCY_GROUPS_MAX + 1]; /* as they came */
	size_t nr_groups;
	bool out_of_memory;
	struct latency_group *last; /* the group of the request before */
	struct latency_group *of_op[WORDS_MAX]; /* BY_OP: calls change it all the time */
};

/* For requests_listen(); the state is a struct latency with by and requests set. */
extern const struct request_listener latency_listener;

void latency_release(struct latency *l);

extern const char *const latency_by_words[LATENCY_BYS + 1];

/* latency_print.c: the three ways to show it, on stdout. */
void latency_print_text(const struct latency *l);
void latency_print_csv(const struct latency *l);
int latency_print_json(const struct latency *l); /* 0 or -ENOMEM */

/* What a group is called: "read", "4096", "worker/71", "3". Foreign text, escaped.
 * Returns @text. */
char *latency_group_name(char *text, size_t room, const struct latency *l,
			 const struct latency_group *group);

#endif
