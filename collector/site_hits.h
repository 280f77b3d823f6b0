/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Counts the hits of each site: a record tells its site.
 *
 * Ours have the low 32 bits of the site's address in its file; the kernel's uprobe events
 * the address it ran at, of which only the place in its page is known beforehand.
 */
#ifndef FATHOM_COLLECTOR_SITE_HITS_H
#define FATHOM_COLLECTOR_SITE_HITS_H

#include <stdbool.h>
#include <stddef.h>

struct plan;
struct site_hits;

/* @by_ip: records are the kernel's. Marks events whose sites then cannot be told apart
 * (sites_mixed). 0 or -ENOMEM. */
int site_hits_new(struct site_hits **hits, struct plan *plan, bool by_ip);
void site_hits_free(struct site_hits *hits); /* NULL is fine */

/* Counts a hit of @event, whose record has @raw data of @size bytes. */
void site_hits_count(struct site_hits *hits, unsigned event, const void *raw,
		     size_t size);

#endif
