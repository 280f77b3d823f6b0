// SPDX-License-Identifier: GPL-2.0-or-later
/* Reads /proc/PID/maps. */
#include "collector/process.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/failure.h"

/* One line of /proc/PID/maps; true when it is of a file. */
static bool parse_mapping(const char *line, struct mapping *m)
{
	unsigned long long start, end, offset, inode;
	char access[5];
	int at = 0;

	if (sscanf(line, "%llx-%llx %4s %llx %x:%x %llu %n", &start, &end, access,
		   &offset, &m->major_number, &m->minor_number, &inode, &at) != 7 ||
	    !at || line[at] != '/')
		return false;
	m->start = start;
	m->end = end;
	m->offset = offset;
	m->inode = inode;
	m->writable = access[1] == 'w';
	m->executable = access[2] == 'x';
	m->shared = access[3] == 's';
	m->name = line + at;
	return true;
}

static int cannot_look(pid_t pid, int err, struct failure *f)
{
	return fail(f, err, "cannot look at process %d: %s%s", pid, strerror(-err),
		    (err == -EACCES || err == -EPERM) && geteuid() != 0
			    ? ": it takes root, or the user whose process it is"
			    : "");
}

int process_each_mapping(pid_t pid, mapping_each *each, void *user, struct failure *f)
{
	struct mapping mapping = {.pid = pid};
	char name[64], *line = NULL;
	size_t room = 0;
	FILE *maps;
	int err = 0;

	snprintf(name, sizeof(name), "/proc/%d/maps", pid);
	maps = fopen(name, "re");
	if (!maps)
		return cannot_look(pid, -errno, f);
	while (!err && getline(&line, &room, maps) > 0) {
		line[strcspn(line, "\n")] = 0;
		if (parse_mapping(line, &mapping))
			err = each(user, &mapping, f);
	}
	free(line);
	fclose(maps);
	return err;
}

/* The kernel's link to the mapped file, whatever became of its name. Only root may
 * follow it. */
static void link_path(const struct mapping *m, char *path, size_t room)
{
	snprintf(path, room, "/proc/%d/map_files/%llx-%llx", m->pid,
		 (unsigned long long)m->start, (unsigned long long)m->end);
}

bool mapping_stat(const struct mapping *m, struct stat *status)
{
	char path[4200];

	link_path(m, path, sizeof(path));
	if (stat(path, status) == 0)
		return true;
	snprintf(path, sizeof(path), "/proc/%d/root%s", m->pid, m->name);
	return stat(path, status) == 0 && status->st_ino == m->inode;
}

int mapping_path(const struct mapping *m, char *path, size_t room)
{
	struct stat named, mapped;

	snprintf(path, room, "/proc/%d/root%s", m->pid, m->name);
	if (access(path, R_OK) == 0 && stat(path, &named) == 0 &&
	    (!mapping_stat(m, &mapped) ||
	     (named.st_ino == mapped.st_ino && named.st_dev == mapped.st_dev)))
		return 0;
	link_path(m, path, room);
	return access(path, R_OK) == 0 ? 0 : -errno;
}

struct file_walk {
	process_file *each;
	void *user;
};

static int visit_mapping(void *user, const struct mapping *m, struct failure *f)
{
	const struct file_walk *walk = user;
	char path[4200];

	if (!m->executable || mapping_path(m, path, sizeof(path)))
		return 0;
	return walk->each(walk->user, path, m->name, f);
}

int process_each_file(pid_t pid, process_file *each, void *user, struct failure *f)
{
	struct file_walk walk = {each, user};

	return process_each_mapping(pid, visit_mapping, &walk, f);
}

int process_all(process_each *each, void *user, struct failure *f)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	int err = 0;

	if (!proc)
		return fail(f, -errno, "/proc: %s", strerror(errno));
	while (!err && (entry = readdir(proc))) {
		pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);

		if (pid > 0 && pid != getpid())
			err = each(user, pid, f);
	}
	closedir(proc);
	return err;
}
