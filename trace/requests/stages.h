/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Points in the life of requests between submit and complete. */
#ifndef FATHOM_TRACE_REQUESTS_STAGES_H
#define FATHOM_TRACE_REQUESTS_STAGES_H

#include "trace/requests/requests.h"

#define STAGE_ROLES (1U << ROLE_STAGE | 1U << ROLE_LEAVE)

/* Looking for requests by where on the disk they are ends after so many. */
enum { STAGE_SEARCH_MAX = 4096 };

/* Does a listener want to know? */
bool stages_wanted(const struct requests *r);

/* An event of a line whose role is in STAGE_ROLES: finds the requests that it is about,
 * tells the listeners and counts. Returns 0 or -ENOMEM. */
int stages_event(struct requests *r, struct bound_line *line, const struct event *event,
		 struct failure *f);

#endif
