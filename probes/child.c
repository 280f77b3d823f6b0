// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * This program once more, as a child that does something else.
 *
 * Between fork and exec no probe of this program may fire: the notes promise that none is
 * hit in a forked child (<fathom/sdt.h>, FATHOM_SDT_NO_FORK).
 */
#include "probes/child.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "core/failure.h"

static const char self[] = "/proc/self/exe";

static void __attribute__((noreturn)) become(char *const argv[], const int fds[3],
					     int end_signal, pid_t parent)
{
	sigset_t none;

	/* Whoever died before it could be asked for will send no signal. */
	if (prctl(PR_SET_PDEATHSIG, end_signal) || getppid() != parent)
		_exit(126);
	for (int fd = 0; fd < 3; fd++)
		if (fds[fd] >= 0 && dup2(fds[fd], fd) < 0)
			_exit(126);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	execv(self, argv);
	_exit(127);
}

pid_t child_start(char *const argv[], const int fds[3], int end_signal, struct failure *f)
{
	pid_t parent = getpid(), child = fork();

	if (!child)
		become(argv, fds, end_signal, parent);
	if (child < 0)
		return fail(f, -errno, "cannot start 'fathom %s': %s", argv[1],
			    strerror(errno));
	return child;
}
