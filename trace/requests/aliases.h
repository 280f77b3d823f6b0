/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Second keys of requests: what a later probe calls them by. Several requests may share
 * one (QEMU merges neighbours). Nothing is allocated before the first.
 */
#ifndef FATHOM_TRACE_REQUESTS_ALIASES_H
#define FATHOM_TRACE_REQUESTS_ALIASES_H

#include "trace/requests/index_table.h"

struct alias {
	uint64_t key;
	int32_t scope;
	uint32_t next, previous; /* requests with the same alias; 0 ends */
	uint32_t is_set;
};

/* Zeroed, it is empty. */
struct aliases {
	struct index_table table; /* the first request of each alias */
	struct alias *items;	  /* by the request's index */
	uint32_t nr_items;
	uint32_t count; /* that are set */
};

/* Gives the request @index this alias instead of any before; 0 or -ENOMEM. */
int aliases_set(struct aliases *a, uint32_t index, uint64_t key, int32_t scope);

/* Takes the request's alias away, if it has one. */
void aliases_drop(struct aliases *a, uint32_t index);

/* The first request with the alias, and the one behind @index; 0: none. */
uint32_t aliases_find(const struct aliases *a, uint64_t key, int32_t scope);
uint32_t aliases_next(const struct aliases *a, uint32_t index);

void aliases_release(struct aliases *a);

#endif
