/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The shared libraries that a program will be linked with when it starts. */
#ifndef FATHOM_COLLECTOR_LIBRARY_H
#define FATHOM_COLLECTOR_LIBRARY_H

#include "collector/process.h"

/*
 * Calls @each for every library that the loader of @program, an executable, finds for
 * it: its own run path, LD_LIBRARY_PATH and the loader's cache count. None for a static
 * program, and for one whose loader cannot tell. Returns 0 or what @each returned.
 */
int library_each(const char *program, process_file *each, void *user, struct failure *f);

#endif
