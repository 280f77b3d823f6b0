// SPDX-License-Identifier: GPL-2.0-or-later
/* Finds processes; starts a command that waits until all is ready. */
#include "collector/target.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/failure.h"

static int add_process(struct target *target, pid_t pid, struct failure *f)
{
	pid_t *pids;

	if (kill(pid, 0) < 0 && errno == ESRCH)
		return fail(f, -ESRCH, "there is no process %d", pid);
	pids = reallocarray(target->pids, target->nr_pids + 1, sizeof(*pids));
	if (!pids)
		return fail(f, -ENOMEM, "out of memory");
	target->pids = pids;
	pids[target->nr_pids++] = pid;
	return 0;
}

int target_processes(struct target *target, const struct string_list *pids,
		     struct failure *f)
{
	target->kind = TARGET_PROCESSES;
	for (size_t i = 0; i < pids->count; i++) {
		const char *text = pids->items[i];

		do {
			char *end;
			long pid = strtol(text, &end, 10);
			int err;

			if (end == text || pid <= 0 || pid > INT32_MAX ||
			    (*end && *end != ','))
				return fail(f, -EINVAL, "'%s' is not a process id",
					    pids->items[i]);
			err = add_process(target, (pid_t)pid, f);
			if (err)
				return err;
			text = *end ? end + 1 : end;
		} while (*text);
	}
	return 0;
}

/* 0, or why @path cannot be executed. */
static int not_executable(const char *path)
{
	struct stat status;

	if (stat(path, &status))
		return -errno;
	if (S_ISDIR(status.st_mode))
		return -EISDIR;
	return S_ISREG(status.st_mode) && access(path, X_OK) == 0 ? 0 : -EACCES;
}

/* The first bytes of a file as text; "" if it cannot be read. */
static void read_start(const char *path, char start[256])
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t size = fd < 0 ? 0 : read(fd, start, 255);

	start[size < 0 ? 0 : size] = 0;
	if (fd >= 0)
		close(fd);
}

bool target_is_script(const char *path)
{
	char start[256];

	read_start(path, start);
	return *start && strncmp(start, "\177ELF", 4) != 0;
}

static int check_command(const char *path, struct failure *f)
{
	char start[256], *interpreter;
	int err = not_executable(path);

	if (err)
		return fail(f, err, "%s: %s", path, strerror(-err));
	read_start(path, start);
	if (strncmp(start, "#!", 2) != 0)
		return 0;
	interpreter = start + 2 + strspn(start + 2, " \t");
	interpreter[strcspn(interpreter, " \t\r\n")] = 0;
	err = not_executable(interpreter);
	return err ? fail(f, err, "%s: its interpreter %s: %s", path, interpreter,
			  strerror(-err))
		   : 0;
}

/* The first that can be executed in the directories of PATH. */
static int search_command(const char *command, char **path, struct failure *f)
{
	const char *search = getenv("PATH");

	for (search = search ? search : "/usr/bin:/bin"; *search;) {
		size_t length = strcspn(search, ":");

		if (asprintf(path, "%.*s/%s", length ? (int)length : 1,
			     length ? search : ".", command) < 0)
			return fail(f, -ENOMEM, "out of memory");
		if (!not_executable(*path))
			return 0;
		free(*path);
		search += length + (search[length] == ':');
	}
	*path = NULL;
	return fail(f, -ENOENT, "%s: command not found", command);
}

int target_find_command(const char *command, char **path, struct failure *f)
{
	int err;

	if (!strchr(command, '/')) {
		err = search_command(command, path, f);
	} else {
		*path = strdup(command);
		err = *path ? 0 : fail(f, -ENOMEM, "out of memory");
	}
	if (!err)
		err = check_command(*path, f);
	if (err) {
		free(*path);
		*path = NULL;
	}
	return err;
}

/* The child's life before the command: waits for a byte, or for our death. */
static void __attribute__((noreturn)) wait_and_exec(int go, int failed, char **argv)
{
	int reason = ECANCELED;
	char byte;

	signal(SIGINT, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
	if (signal(SIGHUP, SIG_DFL) == SIG_IGN) /* under nohup */
		signal(SIGHUP, SIG_IGN);
	signal(SIGPIPE, SIG_DFL);
	if (read(go, &byte, 1) == 1) {
		execvp(argv[0], argv);
		reason = errno;
	}
	if (write(failed, &reason, sizeof(reason)) < 0)
		_exit(126);
	_exit(127);
}

int target_start(struct target *target, char **argv, bool quiet_stdout, struct failure *f)
{
	int go[2], failed[2];
	pid_t child;

	if (pipe2(go, O_CLOEXEC) < 0)
		return fail(f, -errno, "pipe: %s", strerror(errno));
	if (pipe2(failed, O_CLOEXEC) < 0) {
		int err = fail(f, -errno, "pipe: %s", strerror(errno));

		close(go[0]);
		close(go[1]);
		return err;
	}
	child = fork();
	if (child == 0) {
		close(go[1]);
		if (quiet_stdout)
			dup2(STDERR_FILENO, STDOUT_FILENO);
		wait_and_exec(go[0], failed[1], argv);
	}
	close(go[0]);
	close(failed[1]);
	target->kind = TARGET_COMMAND;
	target->follow = true;
	target->go = go[1];
	target->failed = failed[0];
	if (child < 0)
		return fail(f, -errno, "fork: %s", strerror(errno));
	target->ended = (int)syscall(SYS_pidfd_open, child, 0);
	return add_process(target, child, f);
}

int target_go(struct target *target, const char *command, struct failure *f)
{
	int reason;

	if (write(target->go, "g", 1) != 1)
		return fail(f, -errno, "cannot start %s: %s", command, strerror(errno));
	close(target->go);
	target->go = -1;
	/* The pipe closes by itself when the exec succeeds. */
	if (read(target->failed, &reason, sizeof(reason)) == sizeof(reason))
		return fail(f, -reason, "cannot run %s: %s", command, strerror(reason));
	return 0;
}

/* Collects nothing: that is for target_release(). */
static bool ask_how_ended(const struct target *target, siginfo_t *info)
{
	*info = (siginfo_t){0};
	return waitid(P_PID, (id_t)target->pids[0], info, WEXITED | WNOHANG | WNOWAIT) <
		       0 ||
	       info->si_pid != 0;
}

bool target_ended(const struct target *target)
{
	siginfo_t info;

	return ask_how_ended(target, &info);
}

void target_how_ended(const struct target *target, char *text, size_t room)
{
	siginfo_t info;
	const char *name;

	ask_how_ended(target, &info);
	name = sigabbrev_np(info.si_status);
	if (info.si_code != CLD_KILLED && info.si_code != CLD_DUMPED)
		snprintf(text, room, "the command ended");
	else if (name)
		snprintf(text, room, "the command died of SIG%s", name);
	else
		snprintf(text, room, "the command died of signal %d", info.si_status);
}

bool target_all_gone(const struct target *target)
{
	for (size_t i = 0; i < target->nr_pids; i++)
		if (kill(target->pids[i], 0) == 0 || errno != ESRCH)
			return false;
	return true;
}

void target_release(struct target *target)
{
	if (target->kind == TARGET_COMMAND && target->nr_pids) {
		if (target->go >= 0)
			close(target->go); /* it ends when it reads nothing */
		else if (!target_ended(target))
			kill(target->pids[0], SIGTERM);
		close(target->failed);
		if (target->ended >= 0)
			close(target->ended);
		waitpid(target->pids[0], NULL, 0);
	}
	free(target->pids);
	target->pids = NULL;
	target->nr_pids = 0;
}
