// SPDX-License-Identifier: GPL-2.0-or-later
/* Prints docs/probes.md from the one list of the engine's probes. */
#include <stdio.h>

#include "probes/fathom/sdt.h"

#define ROW(...)		   FATHOM_CAT(ROW_, FATHOM_COUNT(__VA_ARGS__))(__VA_ARGS__)
#define ROW_2(type, name, meaning) "| `" #name "` | " #type " | " meaning " |\n"
#define ROW_3(type, name, meaning, words)                                                \
	"| `" #name "` | " #type " | " meaning ": " words " |\n"

int main(void)
{
	puts("# The probes of fathom's engine\n\n"
	     "Provider `fathom`. Made from `probes/probes.def` by "
	     "`scripts/update-golden`.");
#define PROBE(name, when, ...)                                                           \
	printf("\n## " #name "\n\nFires when " when                                      \
	       ".\n\n| argument | type | meaning |\n"                                    \
	       "| --- | --- | --- |\n%s",                                                \
	       FATHOM_EACH(ROW, name, __VA_ARGS__));
#include "probes/probes.def"
	return 0;
}
