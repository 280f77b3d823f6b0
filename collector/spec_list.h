/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The SPECs of `record -e`, which may be lists: "sched:*,libc:setjmp". */
#ifndef FATHOM_COLLECTOR_SPEC_LIST_H
#define FATHOM_COLLECTOR_SPEC_LIST_H

#include "core/options.h"

struct failure;

/*
 * Replaces every text of @specs by its parts between commas; those in brackets, in a
 * filter between slashes and in its quoted strings do not part. The new texts belong to
 * the list: spec_list_free(). 0, or -EINVAL for an empty part; the list is empty then.
 */
int spec_list_split(struct string_list *specs, struct failure *f);
void spec_list_free(struct string_list *specs);

#endif
