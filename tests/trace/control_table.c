// SPDX-License-Identifier: GPL-2.0-or-later
/* Prints the table of docs/control-protocol.md from the one list of messages. */
#include <stdio.h>

#include "trace/control.h"

int main(void)
{
	for (unsigned type = 0; type <= UINT16_MAX; type++) {
		const struct control_kind *kind = control_kind(type);

		if (kind)
			printf("| %u | `%s` | %s | %s%s%s | %u | %s |\n", type, kind->name,
			       kind->sender == CONTROL_MASTER ? "master" : "agent",
			       kind->answers ? "`" : "",
			       kind->answers ? control_kind(kind->answers)->name : "",
			       kind->answers ? "`" : "", kind->body_max, kind->meaning);
	}
	return 0;
}
