/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What requests have at block devices: a bio is a range of sectors of a device that
 * belongs to one request.
 *
 * The block layer merges neighbouring bios into one of its own requests and splits long
 * ones, so that what it issues and completes may cover several bios, or a part of one.
 * A bio queued at a partition bears the partition's number but sectors of the disk; what
 * is issued bears the disk's: where no bio of the device has the sector, one of another
 * device that has it is taken.
 */
#ifndef FATHOM_ANALYZERS_BREAKDOWN_BIOS_H
#define FATHOM_ANALYZERS_BREAKDOWN_BIOS_H

#include <stdbool.h>
#include <stdint.h>

#include "trace/requests/index_table.h"

struct bio {
	uint64_t sector, end; /* of 512 bytes */
	uint64_t left;	      /* sectors that are not completed */
	uint64_t number;      /* in the order in which they came */
	bool is_issued;
	uint32_t device;
	uint32_t owner; /* life.h */
	uint32_t next;	/* of the same owner; of the free ones; 0 ends */
};

enum {
	BIOS_MAX = 1 << 22,
	BIOS_SEARCHED = 256, /* as many are looked at for one that has a sector inside */
};

struct bios {
	struct index_table table; /* by first sector */
	struct bio *items;	  /* [0] is none */
	uint32_t count, used, room, free;
	uint64_t next_number;
};

int bios_init(struct bios *b); /* 0 or -ENOMEM */
void bios_release(struct bios *b);

/* Adds one as the first of @list (its owner's). 0, or -ENOMEM also for too many. */
int bios_add(struct bios *b, uint32_t *list, uint32_t owner, uint32_t device,
	     uint64_t sector, uint64_t sectors);

/* The one that has @sector and is issued or is not, or 0. Of several the oldest: the same
 * sector may be asked for twice at a time. */
uint32_t bios_at(const struct bios *b, uint32_t device, uint64_t sector, bool is_issued);

/* Takes one out of the table and of @list. */
void bios_remove(struct bios *b, uint32_t *list, uint32_t bio);

/* … all of @list. */
void bios_drop(struct bios *b, uint32_t *list);

#endif
