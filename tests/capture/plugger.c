// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Loads plug.c's library and works with it, as it is told by the lines of stdin; answers
 * each with "done".
 *
 * load FILE     loads the library
 * work N        fires with N
 * fork N NAME   a child calls itself NAME, fires with N and ends
 * forks N NAME  N children, one after the other, NAME0, NAME1, …, fire with their number
 */
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static void (*work)(int number);

static int load(const char *path)
{
	void *library = dlopen(path, RTLD_NOW);

	if (library)
		*(void **)&work = dlsym(library, "work");
	else
		fprintf(stderr, "%s\n", dlerror());
	return work ? 0 : -1;
}

static int fork_worker(int number, const char *name)
{
	pid_t child = fork();

	if (child == 0) {
		prctl(PR_SET_NAME, name);
		work(number);
		_exit(0);
	}
	return child < 0 || waitpid(child, NULL, 0) != child;
}

static int fork_workers(int count, const char *name)
{
	char numbered[24];
	int err = 0;

	for (int i = 0; !err && i < count; i++) {
		snprintf(numbered, sizeof(numbered), "%.8s%d", name, i);
		err = fork_worker(i, numbered);
	}
	return err;
}

static int obey(const char *line)
{
	char word[4096];
	int number;

	if (sscanf(line, "load %4095s", word) == 1)
		return load(word);
	if (sscanf(line, "fork %d %4095s", &number, word) == 2)
		return fork_worker(number, word);
	if (sscanf(line, "forks %d %4095s", &number, word) == 2)
		return fork_workers(number, word);
	if (sscanf(line, "work %d", &number) != 1)
		return -1;
	work(number);
	return 0;
}

int main(void)
{
	char line[5000];

	while (fgets(line, sizeof(line), stdin)) {
		if (obey(line))
			return 1;
		printf("done\n");
		fflush(stdout);
	}
	return 0;
}
