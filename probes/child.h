/* SPDX-License-Identifier: GPL-2.0-or-later */
/* This program once more, as a child that does something else. */
#ifndef FATHOM_PROBES_CHILD_H
#define FATHOM_PROBES_CHILD_H

#include <sys/types.h>

struct failure;

/*
 * Starts `fathom @argv[1]…` with @fds as its standard files (-1: as ours). It gets
 * @signal when the calling thread ends, however that comes. Returns its process id, or a
 * negative errno with the reason in @f.
 */
pid_t child_start(char *const argv[], const int fds[3], int signal, struct failure *f);

#endif
