// SPDX-License-Identifier: GPL-2.0-or-later
/* The list of the I/O engines. */
#include "probes/engine.h"

#include <string.h>

static const struct engine *const engines[] = {
	&engine_io_uring, &engine_libaio, &engine_psync, &engine_null, &engine_timer,
};

const char *const engine_names[] = {"io_uring", "libaio", "psync", "null", "timer", NULL};

const struct engine *engine_find(const char *name)
{
	for (size_t i = 0; i < sizeof(engines) / sizeof(*engines); i++)
		if (strcmp(engines[i]->name, name) == 0)
			return engines[i];
	return NULL;
}
