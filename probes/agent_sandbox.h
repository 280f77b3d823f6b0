/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A second wall around an agent's session, should the first (file_rules.h) have a hole. */
#ifndef FATHOM_PROBES_AGENT_SANDBOX_H
#define FATHOM_PROBES_AGENT_SANDBOX_H

#include <stdbool.h>

struct failure;
struct file_roots;

/*
 * From now on the calling thread, and those it starts, can open nothing but what lies
 * below @roots, write there only with @write, and read /proc and /sys (for disks, mounts
 * and swap); no TCP either, as far as this kernel's Landlock goes. It cannot be undone.
 * 0 also where there is no Landlock.
 */
int sandbox_enter(const struct file_roots *roots, bool write, struct failure *f);

#endif
