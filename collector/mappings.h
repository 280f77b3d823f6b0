/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a process has mapped for execution: the MMAP2 records that say so, in a blob. */
#ifndef FATHOM_COLLECTOR_MAPPINGS_H
#define FATHOM_COLLECTOR_MAPPINGS_H

#include "trace/blob.h"

enum { MAPPINGS_MAX = 256 << 10 }; /* bytes; then the oldest go */

/* Adds a copy of the whole record and takes out those that it covers: nobody tells when
 * a mapping goes, only what comes in its place. 0 or -ENOMEM. */
int mappings_add(struct blob *maps, const void *record);

/* Adds those of @parent to the empty ones of its child @pid. 0 or -ENOMEM. */
int mappings_inherit(struct blob *child, const struct blob *parent, int32_t pid);

#endif
