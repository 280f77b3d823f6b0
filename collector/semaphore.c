// SPDX-License-Identifier: GPL-2.0-or-later
/* Reads the semaphores of probes from the files and from the memory of processes. */
#include "collector/semaphore.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "collector/plan.h"
#include "collector/process.h"
#include "collector/target.h"

static bool has_semaphore(const struct plan *plan)
{
	for (size_t i = 0; i < plan->nr_events; i++)
		for (size_t j = 0; j < plan->events[i].nr_sites; j++)
			if (plan->events[i].sites[j].site->semaphore)
				return true;
	return false;
}

int semaphores_foretell(struct plan *plan)
{
	int err = 0;

	for (size_t i = 0; i < plan->nr_events; i++) {
		const struct plan_event *event = &plan->events[i];

		for (size_t j = 0; !err && j < event->nr_sites; j++) {
			const struct sdt_site *site = event->sites[j].site;

			if (!site->semaphore_address || site->semaphore)
				continue;
			err = plan_notice(plan,
					  "%s: its semaphore at 0x%" PRIx64
					  " is in memory that cannot be written: nobody "
					  "can raise it, and the probe will not fire",
					  event->name, site->semaphore_address);
			break;
		}
	}
	return err;
}

/* One look at a process. */
struct look {
	struct plan *plan;
	bool sure;  /* what is 0 now is not raised */
	bool found; /* one that is 0 */
};

/* A file of the plan in the memory of a process. */
struct image {
	struct look *look;
	const struct mapping *code;
	unsigned file;
	int memory; /* of the process */
};

/* The semaphore of a site in the code that is mapped; 1 if it cannot be read. */
static uint16_t read_semaphore(const struct image *image, const struct sdt_site *site)
{
	uint64_t bias =
		image->code->start + site->offset - image->code->offset - site->address;
	uint16_t value;

	if (pread(image->memory, &value, sizeof(value),
		  (off_t)(bias + site->semaphore_address)) != sizeof(value))
		return 1;
	return value;
}

static bool is_mapped(const struct mapping *code, uint64_t offset)
{
	return offset >= code->offset && offset - code->offset < code->end - code->start;
}

static void look_at_event(const struct image *image, struct plan_event *event)
{
	for (size_t i = 0; i < event->nr_sites; i++) {
		const struct sdt_site *site = event->sites[i].site;

		if (event->sites[i].file != image->file || !site->semaphore ||
		    !is_mapped(image->code, site->offset) || read_semaphore(image, site))
			continue;
		image->look->found = true;
		if (image->look->sure)
			event->not_raised_in = image->code->pid;
	}
}

/* The plan's file at this inode, or nr_files. */
static unsigned find_file(const struct plan *plan, const struct stat *status)
{
	unsigned i = 0;

	while (i < plan->nr_files && (plan->files[i].sdt->inode != status->st_ino ||
				      plan->files[i].sdt->device != status->st_dev))
		i++;
	return i;
}

static int look_at_code(void *user, const struct mapping *m, struct failure *unused)
{
	struct image image = {.look = user, .code = m};
	struct plan *plan = image.look->plan;
	struct stat status;
	char path[32];

	(void)unused;
	if (!m->executable || !mapping_stat(m, &status))
		return 0;
	image.file = find_file(plan, &status);
	if (image.file == plan->nr_files)
		return 0;
	snprintf(path, sizeof(path), "/proc/%d/mem", m->pid);
	image.memory = open(path, O_RDONLY | O_CLOEXEC);
	if (image.memory < 0)
		return 0;
	for (size_t i = 0; i < plan->nr_events; i++)
		look_at_event(&image, &plan->events[i]);
	close(image.memory);
	return 0;
}

/* While a process starts, the place of a semaphore may not be mapped yet: then what is
 * found there is gone a moment later. */
static int look_at_process(void *user, pid_t pid, struct failure *unused)
{
	const struct timespec moment = {.tv_nsec = 5000000};
	struct look look = {.plan = user};

	(void)unused;
	process_each_mapping(pid, look_at_code, &look, NULL);
	if (!look.found)
		return 0;
	nanosleep(&moment, NULL);
	look.sure = true;
	process_each_mapping(pid, look_at_code, &look, NULL);
	return 0;
}

void semaphores_look(struct plan *plan, const struct target *target)
{
	if (!has_semaphore(plan))
		return;
	if (target_is_everybody(target))
		process_all(look_at_process, plan, NULL);
	for (size_t i = 0; !target_is_everybody(target) && i < target->nr_pids; i++)
		look_at_process(plan, target->pids[i], NULL);
}
