// SPDX-License-Identifier: GPL-2.0-or-later
/* The table of backends. */
#include "collector/backend.h"

#include <string.h>

const struct backend *const backends[] = {
	&backend_bpf,
	&backend_bpf_perf,
	&backend_uprobe,
	NULL,
};

const struct backend *backend_find(const char *name)
{
	for (size_t i = 0; backends[i]; i++)
		if (strcmp(backends[i]->name, name) == 0)
			return backends[i];
	return NULL;
}

const struct backend *backend_best(struct failure *f)
{
	for (size_t i = 0; backends[i]; i++)
		if (backends[i]->missing(i ? NULL : f) == 0)
			return backends[i];
	return NULL;
}
