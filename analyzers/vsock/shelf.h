/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Conversations that ended and are to be shown: only so many are held, for a capture may
 * have any number. When it is full, the half that comes first in its order is let go.
 */
#ifndef FATHOM_ANALYZERS_VSOCK_SHELF_H
#define FATHOM_ANALYZERS_VSOCK_SHELF_H

#include "analyzers/vsock/tracker.h"

enum { SHELF_MAX = 2048 };

struct shelf {
	/* Set before: for qsort() of struct vsock_conversation *, and who gets what is
	 * let go, in that order. */
	int (*compare)(const void *a, const void *b);
	void (*let_go)(void *user, const struct vsock_conversation *c);
	void *user;

	struct vsock_conversation *held[SHELF_MAX];
	unsigned nr;
};

/* Puts every conversation that ends on the shelf that is its state. */
extern const struct vsock_listener shelf_listener;

/* Puts what is held in order. */
void shelf_sort(struct shelf *s);

/* Lets go of all. */
void shelf_clear(struct shelf *s);

/* The order of their numbers. */
int shelf_by_number(const void *a, const void *b);

/* What says more comes later: time in stalls, bytes that the tap lost, resets, bytes. */
int shelf_by_weight(const void *a, const void *b);

#endif
