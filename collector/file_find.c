// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Finds the files that a name means.
 *
 * A uprobe sits on an inode. The file that a user names need not be the one that runs:
 * the process may live in a container, where the path leads to another file; or the
 * program was upgraded while it ran, and the path leads to the new one. Probes of the
 * wrong file are attached without a complaint and never hit, so what a process has mapped
 * comes first.
 *
 * A path is resolved in a process's root by openat2(2): symbolic links of a container are
 * relative to its root, but the kernel would follow those below /proc/PID/root from ours.
 */
#include "collector/file_find.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/failure.h"
#include "trace/sdt_file.h"

static const char deleted[] = " (deleted)";

/* What is looked for among the mappings of processes. */
struct wanted {
	const char *name;
	char absolute[PATH_MAX];    /* …, or "" */
	char resolved[PATH_MAX];    /* … without symbolic links; or "" */
	struct stat ours, theirs;   /* st_ino 0: there is none */
	char their_path[PATH_MAX];  /* by which we can open theirs */
	const struct sdt_file *sdt; /* what must have the same build id; or NULL */
	process_file *each;
	void *user;
	size_t found;
	struct other_builds *others;
};

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* The length of a mapped file's name, without what says that it was deleted. */
static size_t name_length(const char *name)
{
	size_t length = strlen(name), tail = sizeof(deleted) - 1;

	return length > tail && !strcmp(name + length - tail, deleted) ? length - tail
								       : length;
}

static bool is_called(const char *mapped, const char *name)
{
	return strlen(name) == name_length(mapped) && !memcmp(mapped, name, strlen(name));
}

static bool same_file(const struct stat *a, const struct stat *b)
{
	return a->st_ino && a->st_ino == b->st_ino && a->st_dev == b->st_dev;
}

static bool same_build(const struct sdt_file *sdt, const char *path)
{
	struct sdt_file *other;
	bool same;

	if (!sdt->build_id_size || sdt_file_open(&other, path, NULL))
		return false;
	same = other->build_id_size == sdt->build_id_size &&
	       !memcmp(other->build_id, sdt->build_id, sdt->build_id_size);
	sdt_file_close(other);
	return same;
}

static int found(struct wanted *w, const struct mapping *m, const char *path,
		 struct failure *f)
{
	w->found++;
	return w->each(w->user, path, m->name, f);
}

static bool is_wanted(const struct wanted *w, const struct mapping *m)
{
	struct stat status;

	if (!strchr(w->name, '/')
		    ? is_called(base_name(m->name), w->name)
		    : is_called(m->name, w->absolute) || is_called(m->name, w->resolved))
		return true;
	return mapping_stat(m, &status) &&
	       (same_file(&status, &w->ours) || same_file(&status, &w->theirs));
}

static int visit_by_name(void *user, const struct mapping *m, struct failure *f)
{
	struct wanted *w = user;
	char path[4200];

	if (!m->executable || !is_wanted(w, m) || mapping_path(m, path, sizeof(path)))
		return 0;
	return found(w, m, path, f);
}

static int visit_by_build(void *user, const struct mapping *m, struct failure *f)
{
	struct wanted *w = user;
	char path[4200];

	if (!m->executable || mapping_path(m, path, sizeof(path)) ||
	    !same_build(w->sdt, path))
		return 0;
	return found(w, m, path, f);
}

/* Keeps what an open file of the process @root is called, and its path for us. */
static void keep_theirs(struct wanted *w, const char *root, int fd)
{
	char link[48], name[PATH_MAX];
	struct stat status;
	ssize_t length;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	length = readlink(link, name, sizeof(name) - 1);
	if (length < 0 || fstat(fd, &w->theirs))
		return;
	name[length] = 0;
	snprintf(w->resolved, sizeof(w->resolved), "%s", name);
	if (snprintf(w->their_path, sizeof(w->their_path), "%s%s", root, name) <
		    (int)sizeof(w->their_path) &&
	    stat(w->their_path, &status) == 0 && same_file(&status, &w->theirs))
		return;
	/* In a root that is not the top of its mount namespace. */
	if (snprintf(w->their_path, sizeof(w->their_path), "%s%s", root, w->absolute) >=
		    (int)sizeof(w->their_path) ||
	    stat(w->their_path, &status) || !same_file(&status, &w->theirs))
		w->theirs.st_ino = 0;
}

/* The file that the name is in a process's root. */
static void look_inside(struct wanted *w, pid_t pid)
{
	struct open_how how = {.flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_IN_ROOT};
	char root[32];
	int fd, root_fd;

	snprintf(root, sizeof(root), "/proc/%d/root", pid);
	root_fd = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root_fd < 0)
		return;
	fd = (int)syscall(SYS_openat2, root_fd, w->absolute, &how, sizeof(how));
	close(root_fd);
	if (fd < 0)
		return;
	keep_theirs(w, root, fd);
	close(fd);
}

static int not_found(const char *name, struct failure *f)
{
	if (strchr(name, '/'))
		return fail(f, -ENOENT, "%s: %s", name, strerror(ENOENT));
	return fail(f, -ENOENT,
		    "%s: no such file, no program of $PATH, and no running process has a "
		    "file of that name mapped",
		    name);
}

/* Scripts that start the program of their name are no program. */
static bool is_elf(const char *path)
{
	char magic[SELFMAG];
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	bool is = fd >= 0 && read(fd, magic, SELFMAG) == SELFMAG &&
		  !memcmp(magic, ELFMAG, SELFMAG);

	if (fd >= 0)
		close(fd);
	return is;
}

/* A program in the directories of PATH. */
static bool search_path(const char *name, char path[PATH_MAX])
{
	const char *search = getenv("PATH");

	while (search && *search) {
		size_t length = strcspn(search, ":");

		snprintf(path, PATH_MAX, "%.*s/%s", (int)length, search, name);
		if (length && is_elf(path))
			return true;
		search += length + (search[length] == ':');
	}
	return false;
}

/* What cannot be looked at, or has ended meanwhile, has nothing. */
static int visit_process(void *user, pid_t pid, struct failure *f)
{
	int err = process_each_mapping(pid, visit_by_name, user, NULL);

	return err == -ENOMEM ? fail(f, err, "out of memory") : 0;
}

int file_find(const char *name, process_file *each, void *user, struct failure *f)
{
	struct wanted w = {.name = name, .each = each, .user = user};
	char path[PATH_MAX];
	struct stat status;
	int err;

	if (stat(name, &status) == 0)
		return each(user, name, name, f);
	if (errno != ENOENT)
		return fail(f, -errno, "%s: %s", name, strerror(errno));
	if (strchr(name, '/'))
		return not_found(name, f);
	if (search_path(name, path))
		return each(user, path, path, f);
	err = process_all(visit_process, &w, f);
	return err || w.found ? err : not_found(name, f);
}

/* What the name is for us. */
static void know_ours(struct wanted *w)
{
	char here[PATH_MAX];

	if (stat(w->name, &w->ours))
		w->ours.st_ino = 0;
	if (!strchr(w->name, '/'))
		return;
	if (!realpath(w->name, w->resolved))
		w->resolved[0] = 0;
	if (*w->name != '/' && getcwd(here, sizeof(here)))
		snprintf(w->absolute, sizeof(w->absolute), "%.*s/%s", PATH_MAX / 2, here,
			 w->name);
	else
		snprintf(w->absolute, sizeof(w->absolute), "%s", w->name);
}

/* The same program under another name and inode. */
static int find_by_build(struct wanted *w, pid_t pid, struct failure *f)
{
	struct sdt_file *sdt;
	int err;

	if (!w->ours.st_ino || sdt_file_open(&sdt, w->name, NULL))
		return 0;
	w->sdt = sdt;
	err = process_each_mapping(pid, visit_by_build, w, f);
	sdt_file_close(sdt);
	return err;
}

int file_find_in_process(const char *name, pid_t pid, process_file *each, void *user,
			 struct failure *f)
{
	struct wanted w = {.name = name, .each = each, .user = user};
	int err;

	know_ours(&w);
	if (w.absolute[0])
		look_inside(&w, pid);
	err = process_each_mapping(pid, visit_by_name, &w, f);
	if (!err && !w.found)
		err = find_by_build(&w, pid, f);
	if (err || w.found)
		return err;
	if (w.theirs.st_ino)
		return each(user, w.their_path, w.resolved, f);
	return file_find(name, each, user, f);
}

static int visit_copy(void *user, const struct mapping *m, struct failure *f)
{
	struct wanted *w = user;
	struct stat status;
	char path[4200];

	if (!m->executable || !is_called(base_name(m->name), w->name) ||
	    !mapping_stat(m, &status) || same_file(&status, &w->ours))
		return 0;
	if (mapping_path(m, path, sizeof(path)) == 0 && same_build(w->sdt, path))
		return found(w, m, path, f);
	if (w->others->pid != m->pid)
		w->others->count++;
	w->others->pid = m->pid;
	return 0;
}

static int visit_process_for_copies(void *user, pid_t pid, struct failure *f)
{
	int err = process_each_mapping(pid, visit_copy, user, NULL);

	return err == -ENOMEM ? fail(f, err, "out of memory") : 0;
}

int file_find_copies(const struct sdt_file *file, process_file *each, void *user,
		     struct other_builds *others, struct failure *f)
{
	struct wanted w = {
		.name = base_name(file->path),
		.ours = {.st_dev = file->device, .st_ino = file->inode},
		.sdt = file,
		.each = each,
		.user = user,
		.others = others,
	};

	*others = (struct other_builds){0};
	return process_all(visit_process_for_copies, &w, f);
}
