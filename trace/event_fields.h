/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The fields of an event type, from its format as libtraceevent understood it. */
#ifndef FATHOM_TRACE_EVENT_FIELDS_H
#define FATHOM_TRACE_EVENT_FIELDS_H

#include "trace/reader.h"

/* Fills fields, nr_fields, fixed_size and format. 0 or -ENOMEM. */
int event_fields_fill(struct event_type *type, struct tep_event *format);
void event_fields_release(struct event_type *type);

#endif
