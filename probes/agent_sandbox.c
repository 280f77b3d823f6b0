// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A second wall around an agent's session: Landlock.
 *
 * It is the kernel that keeps to it, whatever a mistake in this program, or in a library
 * that parses what the master sent, would do. The descriptors that are open already, the
 * connection and the recorder's pipes, are not touched by it.
 *
 * seccomp was left out: most of what an engine does goes through io_uring, whose operations
 * no filter sees, and a list of the calls that a C library makes is wrong with the next one.
 */
#include "probes/agent_sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "core/failure.h"
#include "probes/file_rules.h"

/* What came with later versions than the headers may have. */
#define TRUNCATE    (1ULL << 14) /* 3, Linux 6.2 */
#define IOCTL_DEV   (1ULL << 15) /* 5, Linux 6.10 */
#define BIND_TCP    (1ULL << 0)	 /* 4, Linux 6.7 */
#define CONNECT_TCP (1ULL << 1)

/* Version 1 has all up to here. */
#define FIRST_RIGHTS ((LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1)

#define READING (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR | IOCTL_DEV)
#define WRITING                                                                          \
	(LANDLOCK_ACCESS_FS_WRITE_FILE | TRUNCATE | LANDLOCK_ACCESS_FS_MAKE_REG |        \
	 LANDLOCK_ACCESS_FS_REMOVE_FILE)
#define OF_DIRECTORIES                                                                   \
	(LANDLOCK_ACCESS_FS_READ_DIR | LANDLOCK_ACCESS_FS_MAKE_REG |                     \
	 LANDLOCK_ACCESS_FS_REMOVE_FILE)

struct ruleset {
	uint64_t files, network; /* rights that are gone but for what rules give */
};

static struct ruleset rights_of(long version)
{
	struct ruleset rights = {.files = FIRST_RIGHTS};

	if (version >= 2)
		rights.files |= LANDLOCK_ACCESS_FS_REFER;
	if (version >= 3)
		rights.files |= TRUNCATE;
	if (version >= 4)
		rights.network = BIND_TCP | CONNECT_TCP;
	if (version >= 5)
		rights.files |= IOCTL_DEV;
	return rights;
}

static int allow(int ruleset, const struct ruleset *all, int fd, uint64_t rights)
{
	struct landlock_path_beneath_attr below = {.allowed_access = rights & all->files,
						   .parent_fd = fd};

	return syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &below,
		       0)
		       ? -errno
		       : 0;
}

/* What job_target.c and write_guard.c look up. */
static int allow_looking(int ruleset, const struct ruleset *all)
{
	static const char *const paths[] = {"/proc", "/sys"};
	int err = 0;

	for (size_t i = 0; !err && i < sizeof(paths) / sizeof(*paths); i++) {
		int fd = open(paths[i], O_PATH | O_CLOEXEC);

		if (fd < 0)
			continue;
		err = allow(ruleset, all, fd, READING);
		close(fd);
	}
	return err;
}

static int allow_roots(int ruleset, const struct ruleset *all,
		       const struct file_roots *roots, bool write)
{
	uint64_t rights = READING | (write ? WRITING : 0);
	int err = 0;

	for (size_t i = 0; !err && i < roots->count; i++) {
		const struct file_root *root = &roots->items[i];

		err = allow(ruleset, all, root->fd,
			    root->is_directory ? rights : rights & ~OF_DIRECTORIES);
	}
	return err;
}

static int restrict_self(int ruleset)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    syscall(SYS_landlock_restrict_self, ruleset, 0))
		return -errno;
	return 0;
}

int sandbox_enter(const struct file_roots *roots, bool write, struct failure *f)
{
	long version = syscall(SYS_landlock_create_ruleset, NULL, 0,
			       LANDLOCK_CREATE_RULESET_VERSION);
	struct ruleset all = rights_of(version);
	int ruleset, err;

	if (version < 1)
		return 0;
	tzset(); /* the results have local time, and its file is out of reach soon */
	ruleset = (int)syscall(SYS_landlock_create_ruleset, &all,
			       version >= 4 ? sizeof(all) : sizeof(all.files), 0);
	if (ruleset < 0)
		return fail(f, -errno, "Landlock: %s", strerror(errno));
	err = allow_looking(ruleset, &all);
	if (!err)
		err = allow_roots(ruleset, &all, roots, write);
	if (!err)
		err = restrict_self(ruleset);
	close(ruleset);
	return err ? fail(f, err, "Landlock: %s", strerror(-err)) : 0;
}
