/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The vsockmon interface, on which Linux shows the AF_VSOCK packets of this host. */
#ifndef FATHOM_TRACE_VSOCKMON_H
#define FATHOM_TRACE_VSOCKMON_H

struct failure;

/*
 * Creates the interface @name and sets it up, as `ip link add NAME type vsockmon` and
 * `ip link set NAME up` do. Returns its index, which is above 0; or a negative errno:
 * -EEXIST when an interface has that name.
 */
int vsockmon_create(const char *name, struct failure *f);

/* Removes what vsockmon_create() returned. 0 or a negative errno. */
int vsockmon_remove(int index, struct failure *f);

#endif
