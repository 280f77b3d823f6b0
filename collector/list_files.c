// SPDX-License-Identifier: GPL-2.0-or-later
/* The files that fathom list looks into: given ones, a process's, every process's. */
#include "collector/list.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "collector/file_find.h"
#include "core/failure.h"

static int add_pid(struct listed_file *file, pid_t pid)
{
	pid_t *pids;

	if (!pid || (file->nr_pids && file->pids[file->nr_pids - 1] == pid))
		return 0;
	pids = reallocarray(file->pids, file->nr_pids + 1, sizeof(*pids));
	if (!pids)
		return -ENOMEM;
	file->pids = pids;
	pids[file->nr_pids++] = pid;
	return 0;
}

static struct listed_file *find(const struct file_list *list, const struct stat *status)
{
	for (size_t i = 0; i < list->nr_files; i++)
		if (list->files[i].inode == status->st_ino &&
		    list->files[i].device == status->st_dev)
			return &list->files[i];
	return NULL;
}

/*
 * Outside of a container a file of a process is better known by its plain name; a
 * deleted one keeps a name in the process that nobody can open.
 */
static int name_file(struct listed_file *file, const char *path, const char *name,
		     const struct stat *status)
{
	struct stat plain;

	if (stat(name, &plain) == 0 && plain.st_ino == status->st_ino &&
	    plain.st_dev == status->st_dev)
		path = name;
	file->path = strdup(path);
	if (strstr(path, "/map_files/"))
		file->mapped_as = strdup(name);
	return file->path ? 0 : -ENOMEM;
}

static int new_file(struct file_list *list, struct listed_file **file, struct failure *f)
{
	if (list->nr_files == list->room) {
		size_t room = list->room ? 2 * list->room : 16;
		struct listed_file *files =
			reallocarray(list->files, room, sizeof(*files));

		if (!files)
			return fail(f, -ENOMEM, "out of memory");
		list->files = files;
		list->room = room;
	}
	*file = &list->files[list->nr_files];
	return 0;
}

static int add_file(struct file_list *list, const char *path, const char *name, pid_t pid,
		    struct failure *f)
{
	struct listed_file *file;
	struct stat status;
	int err;

	if (stat(path, &status) < 0)
		return fail(f, -errno, "%s: %s", path, strerror(errno));
	file = find(list, &status);
	if (file)
		return add_pid(file, pid);
	err = new_file(list, &file, f);
	if (err)
		return err;
	*file = (struct listed_file){.device = status.st_dev, .inode = status.st_ino};
	if (name_file(file, path, name, &status))
		return fail(f, -ENOMEM, "out of memory");
	list->nr_files++;
	return add_pid(file, pid);
}

static int add_given(void *user, const char *path, const char *name, struct failure *f)
{
	return add_file(user, path, name, 0, f);
}

int file_list_add(struct file_list *list, const char *name, struct failure *f)
{
	return file_find(name, add_given, list, f);
}

struct process {
	struct file_list *list;
	pid_t pid;
};

/* A file may vanish between the look at the process and ours. */
static int add_mapped(void *user, const char *path, const char *name, struct failure *f)
{
	struct process *process = user;
	int err = add_file(process->list, path, name, process->pid, f);

	return err == -ENOMEM ? err : 0;
}

int file_list_add_process(struct file_list *list, pid_t pid, struct failure *f)
{
	struct process process = {list, pid};

	return process_each_file(pid, add_mapped, &process, f);
}

static int add_process(void *user, pid_t pid, struct failure *f)
{
	struct file_list *list = user;
	int err = file_list_add_process(list, pid, f);

	list->nr_unreadable += err == -EACCES || err == -EPERM;
	return err == -ENOMEM ? err : 0; /* it may also have ended */
}

int file_list_add_all(struct file_list *list, struct failure *f)
{
	return process_all(add_process, list, f);
}

void file_list_release(struct file_list *list)
{
	for (size_t i = 0; i < list->nr_files; i++) {
		free(list->files[i].path);
		free(list->files[i].mapped_as);
		free(list->files[i].pids);
	}
	free(list->files);
	*list = (struct file_list){0};
}
