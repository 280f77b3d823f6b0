// SPDX-License-Identifier: GPL-2.0-or-later
/* The kinds of triggers. */
#include "collector/trigger.h"

const struct trigger_kind *trigger_kind_of(const char *text)
{
	return trigger_latency.is_meant(text) ? &trigger_latency : &trigger_event;
}
