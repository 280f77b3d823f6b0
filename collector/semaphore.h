/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Are the semaphores of probes raised? The kernel raises them when a site is attached,
 * and does not tell if it could not: the program then never comes by the probe.
 */
#ifndef FATHOM_COLLECTOR_SEMAPHORE_H
#define FATHOM_COLLECTOR_SEMAPHORE_H

struct plan;
struct target;

/*
 * Adds a notice for every event whose semaphore nobody can raise, since the file has it
 * in memory that cannot be written. 0 or -ENOMEM.
 */
int semaphores_foretell(struct plan *plan);

/*
 * Looks into the processes whose hits count and that run now. Events with a semaphore of
 * 0 get the process (not_raised_in). What may not be looked at is passed over.
 */
void semaphores_look(struct plan *plan, const struct target *target);

#endif
