// SPDX-License-Identifier: GPL-2.0-or-later
/* The second wall stands when the first is not asked. Each case is a process of its own,
 * for nobody comes out of a sandbox. */
#include "unit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/failure.h"
#include "probes/agent_sandbox.h"
#include "probes/file_rules.h"

static char inside[] = "/var/tmp/fathom-sandbox-test.XXXXXX";
static const struct file_rules anything;

/* What became of opening @name with @flags in the sandbox: 0 or a negative errno. */
static int try(bool write, const char *name, int flags)
{
	struct file_roots roots = {0};
	int status, fd;

	if (!fork()) {
		if (file_roots_add(&roots, inside, NULL) ||
		    sandbox_enter(&roots, write, NULL))
			_exit(255);
		fd = file_open(&anything, name, flags, 0600, NULL);
		_exit(fd < 0 ? -fd : 0);
	}
	assert_true(wait(&status) > 0 && WIFEXITED(status));
	return -WEXITSTATUS(status);
}

static const char *path_of(const char *name)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/%s", inside, name);
	return path;
}

static void reading_stays_below(void **state)
{
	(void)state;
	assert_int_equal(try(false, path_of("file"), O_RDONLY), 0);
	assert_int_equal(try(false, "/etc/passwd", O_RDONLY), -EACCES);
	assert_int_equal(try(false, "/var/tmp", O_RDONLY | O_DIRECTORY), -EACCES);
	assert_int_equal(try(false, "/sys/kernel", O_RDONLY | O_DIRECTORY), 0);
	assert_int_equal(try(false, "/proc/swaps", O_RDONLY), 0);
}

static void writing_needs_leave(void **state)
{
	(void)state;
	assert_int_equal(try(false, path_of("file"), O_WRONLY), -EACCES);
	assert_int_equal(try(false, path_of("new"), O_WRONLY | O_CREAT), -EACCES);
	assert_int_equal(try(true, path_of("file"), O_WRONLY | O_TRUNC), 0);
	assert_int_equal(try(true, path_of("new"), O_WRONLY | O_CREAT), 0);
	assert_int_equal(try(true, "/var/tmp/fathom-sandbox-out", O_WRONLY | O_CREAT),
			 -EACCES);
	assert_int_equal(try(true, "/proc/self/comm", O_WRONLY), -EACCES);
}

static void no_network(void **state)
{
	struct sockaddr_in discard = {.sin_family = AF_INET, .sin_port = htons(9)};
	struct file_roots roots = {0};
	int status;

	(void)state;
	if (syscall(SYS_landlock_create_ruleset, NULL, 0,
		    LANDLOCK_CREATE_RULESET_VERSION) < 4) {
		print_message("SKIP: Landlock keeps TCP from Linux 6.7 on\n");
		return;
	}
	discard.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (!fork()) {
		int fd = socket(AF_INET, SOCK_STREAM, 0);

		if (sandbox_enter(&roots, false, NULL))
			_exit(255);
		_exit(connect(fd, (struct sockaddr *)&discard, sizeof(discard)) ? errno
										: 0);
	}
	assert_true(wait(&status) > 0 && WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), EACCES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reading_stays_below),
		cmocka_unit_test(writing_needs_leave),
		cmocka_unit_test(no_network),
	};
	char command[128];
	int failed;

	if (syscall(SYS_landlock_create_ruleset, NULL, 0,
		    LANDLOCK_CREATE_RULESET_VERSION) < 3) {
		puts("SKIP: this kernel has no Landlock, or an early one (before 6.2)");
		return 77;
	}
	if (!mkdtemp(inside))
		return 1;
	close(open(path_of("file"), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	snprintf(command, sizeof(command), "rm -r %s", inside);
	return system(command) || failed;
}
