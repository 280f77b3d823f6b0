// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Asks a program's own loader for its libraries, as ldd does: "LOADER --list PROGRAM",
 * which glibc and musl know. Nothing of the program runs.
 *
 * Rejected: LD_TRACE_LOADED_OBJECTS, which a static program does not heed: it would run;
 * resolving DT_NEEDED here, which means run paths with $ORIGIN, the cache's format and
 * the rules of each loader.
 */
#include "collector/library.h"

#include <elf.h>
#include <fcntl.h>
#include <gelf.h>
#include <limits.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Copies the text of PT_INTERP. */
static bool copy_interpreter(Elf *elf, char loader[PATH_MAX])
{
	size_t count, size, most;
	const char *image = elf_rawfile(elf, &size);
	GElf_Phdr header;

	if (!image || elf_getphdrnum(elf, &count))
		return false;
	for (size_t i = 0; i < count; i++) {
		if (!gelf_getphdr(elf, (int)i, &header) || header.p_type != PT_INTERP)
			continue;
		if (header.p_offset >= size || header.p_filesz > size - header.p_offset)
			return false;
		most = header.p_filesz < PATH_MAX ? header.p_filesz : PATH_MAX;
		if (!memchr(image + header.p_offset, 0, most))
			return false;
		strcpy(loader, image + header.p_offset);
		return true;
	}
	return false;
}

static bool find_loader(const char *program, char loader[PATH_MAX])
{
	int fd = open(program, O_RDONLY | O_CLOEXEC);
	bool found = false;
	Elf *elf;

	if (fd < 0)
		return false;
	elf_version(EV_CURRENT);
	elf = elf_begin(fd, ELF_C_READ_MMAP, NULL);
	if (elf)
		found = copy_interpreter(elf, loader);
	elf_end(elf);
	close(fd);
	return found;
}

/* Starts the loader; what it prints comes out of the result, -1 if it cannot start. */
static int start_loader(const char *loader, const char *program, pid_t *child)
{
	char *argv[] = {(char *)loader, "--list", (char *)program, NULL};
	posix_spawn_file_actions_t files;
	int ends[2], err;

	if (pipe2(ends, O_CLOEXEC))
		return -1;
	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_adddup2(&files, ends[1], STDOUT_FILENO);
	posix_spawn_file_actions_addopen(&files, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
	err = posix_spawn(child, loader, &files, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&files);
	close(ends[1]);
	if (!err)
		return ends[0];
	close(ends[0]);
	return -1;
}

/* The path in "	libm.so.6 => /lib/libm.so.6 (0x7f12)" or "	/lib/ld.so
 * (0x7f34)"; NULL. */
static const char *path_in(char *line)
{
	char *arrow = strstr(line, "=> "), *end = strrchr(line, '('),
	     *path = arrow ? arrow + 3 : line + strspn(line, "\t ");

	if (*path != '/' || !end || end <= path)
		return NULL;
	end[-1] = 0;
	return path;
}

int library_each(const char *program, process_file *each, void *user, struct failure *f)
{
	char loader[PATH_MAX], *line = NULL;
	size_t room = 0;
	int fd, err = 0;
	pid_t child;
	FILE *list;

	if (!find_loader(program, loader))
		return 0;
	fd = start_loader(loader, program, &child);
	if (fd < 0)
		return 0;
	list = fdopen(fd, "r");
	while (list && !err && getline(&line, &room, list) > 0) {
		const char *path = path_in(line);

		if (path)
			err = each(user, path, path, f);
	}
	free(line);
	if (list)
		fclose(list);
	else
		close(fd);
	waitpid(child, NULL, 0);
	return err;
}
