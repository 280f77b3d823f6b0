// SPDX-License-Identifier: GPL-2.0-or-later
/* Chooses the files whose probes are recorded. */
#include "collector/record_files.h"

#include <errno.h>

#include "collector/file_find.h"
#include "collector/library.h"
#include "collector/plan.h"
#include "collector/target.h"
#include "core/failure.h"

static int add_file(void *user, const char *path, const char *name, struct failure *f)
{
	(void)name;
	return plan_add_file(user, path, f);
}

/* A file of a process that may be anything: what is no ELF file is passed over. */
static int add_mapped_file(void *user, const char *path, const char *name,
			   struct failure *f)
{
	return add_file(user, path, name, f) == -ENOMEM ? -ENOMEM : 0;
}

/* The command's program and the libraries that it will be linked with. */
static int add_program(struct plan *plan, const char *program, struct failure *f)
{
	int err;

	if (target_is_script(program))
		return fail(f, -ENOEXEC,
			    "%s is a script: name the program whose probes you want with "
			    "-x FILE (what the script starts is followed)",
			    program);
	err = plan_add_file(plan, program, f);
	return err ? err : library_each(program, add_mapped_file, plan, f);
}

/* A file that -x names: as each process of -p has it, or as it is here. */
static int add_named_file(struct plan *plan, const char *name,
			  const struct target *target, struct failure *f)
{
	int err = 0;

	if (!target->nr_pids)
		return file_find(name, add_file, plan, f);
	for (size_t i = 0; !err && i < target->nr_pids; i++)
		err = file_find_in_process(name, target->pids[i], add_file, plan, f);
	return err;
}

static int tell_others(struct plan *plan, const char *path,
		       const struct other_builds *others)
{
	static const char why[] = "an older one, or a container's";

	if (others->count == 1)
		return plan_notice(plan,
				   "process %d runs another build of %s (%s): -p %d "
				   "records it",
				   others->pid, path, why, others->pid);
	return plan_notice(plan,
			   "%zu processes, %d is one, run another build of %s (%s): -p "
			   "records them",
			   others->count, others->pid, path, why);
}

/* What every process runs under the names of the plan's files: copies, as containers have
 * them, count. */
static int add_copies(struct plan *plan, struct failure *f)
{
	size_t nr_files = plan->nr_files;
	int err = 0;

	for (size_t i = 0; !err && i < nr_files; i++) {
		struct other_builds others;

		err = file_find_copies(plan->files[i].sdt, add_mapped_file, plan, &others,
				       f);
		if (!err && others.count)
			err = tell_others(plan, plan->files[i].path, &others);
	}
	return err;
}

/* Programs for other machines do not run here, save in an emulator, where their code is
 * data. */
static int check_machines(const struct plan *plan, struct failure *f)
{
	for (size_t i = 0; i < plan->nr_files; i++)
		if (plan->files[i].sdt->machine != OPERAND_MACHINE)
			return fail(f, -ENOEXEC,
				    "%s is for another machine (ELF machine %u): its "
				    "probes cannot be recorded here",
				    plan->files[i].path, plan->files[i].sdt->machine);
	return 0;
}

int record_files_add(struct plan *plan, const struct record_files *files,
		     struct failure *f)
{
	const struct target *target = files->target;
	int err = 0;

	for (size_t i = 0; !err && i < files->names->count; i++)
		err = add_named_file(plan, files->names->items[i], target, f);
	if (!err && !files->names->count && files->program)
		err = add_program(plan, files->program, f);
	for (size_t i = 0; !err && !files->names->count && i < target->nr_pids; i++)
		err = process_each_file(target->pids[i], add_mapped_file, plan, f);
	if (!err && files->everybody)
		err = add_copies(plan, f);
	return err ? err : check_machines(plan, f);
}
