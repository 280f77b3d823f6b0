// SPDX-License-Identifier: GPL-2.0-or-later
/* The files that fathom list looks into: given ones, a process's, every process's. */
#include "collector/list.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "collector/target.h"
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

static bool is_same_file(const char *path, const struct stat *status)
{
	struct stat other;

	return !stat(path, &other) && other.st_ino == status->st_ino &&
	       other.st_dev == status->st_dev;
}

/*
 * Outside of a container a file of a process is better known by its plain name; a
 * deleted one keeps a name in the process that nobody can open.
 */
static int name_file(struct listed_file *file, const char *path,
		     const struct stat *status)
{
	const char *root = strstr(path, "/root/");
	char target[4096];
	ssize_t length;

	if (!strncmp(path, "/proc/", 6) && root && is_same_file(root + 5, status))
		path += root + 5 - path;
	file->path = strdup(path);
	if (!file->path)
		return -ENOMEM;
	if (strncmp(path, "/proc/", 6) || !strstr(path, "/map_files/"))
		return 0;
	length = readlink(path, target, sizeof(target));
	if (length > 0)
		file->mapped_as = strndup(target, (size_t)length);
	return 0;
}

int file_list_add(struct file_list *list, const char *path, pid_t pid, struct failure *f)
{
	struct listed_file *file;
	struct stat status;

	if (stat(path, &status) < 0)
		return fail(f, -errno, "%s: %s", path, strerror(errno));
	file = find(list, &status);
	if (file)
		return add_pid(file, pid);
	if (list->nr_files == list->room) {
		size_t room = list->room ? 2 * list->room : 16;
		struct listed_file *files =
			reallocarray(list->files, room, sizeof(*files));

		if (!files)
			return fail(f, -ENOMEM, "out of memory");
		list->files = files;
		list->room = room;
	}
	file = &list->files[list->nr_files];
	*file = (struct listed_file){.device = status.st_dev, .inode = status.st_ino};
	if (name_file(file, path, &status))
		return fail(f, -ENOMEM, "out of memory");
	list->nr_files++;
	return add_pid(file, pid);
}

struct process {
	struct file_list *list;
	pid_t pid;
};

/* A file may vanish between the look at the process and ours. */
static int add_mapped(void *user, const char *path, struct failure *f)
{
	struct process *process = user;
	int err = file_list_add(process->list, path, process->pid, f);

	return err == -ENOMEM ? err : 0;
}

int file_list_add_process(struct file_list *list, pid_t pid, struct failure *f)
{
	struct process process = {list, pid};

	return target_each_file(pid, add_mapped, &process, f);
}

int file_list_add_all(struct file_list *list, struct failure *f)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	int err = 0;

	if (!proc)
		return fail(f, -errno, "/proc: %s", strerror(errno));
	while (!err && (entry = readdir(proc))) {
		pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);

		if (pid <= 0 || pid == getpid())
			continue;
		err = file_list_add_process(list, pid, f);
		list->nr_unreadable += err == -EACCES || err == -EPERM;
		if (err != -ENOMEM)
			err = 0; /* it may also have ended */
	}
	closedir(proc);
	return err;
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
