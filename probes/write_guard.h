/* SPDX-License-Identifier: GPL-2.0-or-later */
/* May a block device be written? Nobody's data is lost by a typing error. */
#ifndef FATHOM_PROBES_WRITE_GUARD_H
#define FATHOM_PROBES_WRITE_GUARD_H

#include <sys/types.h>

struct failure;
struct file_rules;

/*
 * Refuses (-EBUSY, -EPERM) with reason and cure a device that is mounted or swap, or
 * has a partition that is, or is held by the device mapper, md or anything else in
 * the kernel, or is not among the devices of @rules, which the user confirmed. On
 * success *@claim is an fd that holds the device exclusively: while it is open the
 * kernel lets nobody mount it; -1 or an fd to close otherwise. @sysfs is where partitions
 * and holders are looked up: "/sys".
 */
int write_guard_check(const char *path, dev_t device, const char *sysfs,
		      const struct file_rules *rules, int *claim, struct failure *f);

#endif
