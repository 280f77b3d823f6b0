// SPDX-License-Identifier: GPL-2.0-or-later
/* Stands in until script.c is here. */
#include "core/command.h"

int cmd_script(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	return EXIT_FAILED;
}
