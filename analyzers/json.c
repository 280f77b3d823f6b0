// SPDX-License-Identifier: GPL-2.0-or-later
/* How every analyzer ends its --json. */
#include "analyzers/json.h"

#include <errno.h>

int json_print(json_t *all)
{
	if (!all)
		return -ENOMEM;
	json_dumpf(all, stdout, JSON_INDENT(2));
	putchar('\n');
	json_decref(all);
	return 0;
}
