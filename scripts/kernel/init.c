// SPDX-License-Identifier: GPL-2.0-or-later
/* The first process of a machine: takes the steps of /plan, runs a command, ends the
 * machine.
 *
 * What is to be done is decided outside, by machine.py; here is only how. ASCII's unit
 * and record separators stand between words and steps. Nothing but the command is
 * executed: under emulation, and more so in a machine within a machine, starting a
 * program costs more than all these steps.
 *
 * Without a status on its port, whoever started the machine knows that it failed. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <limits.h>
#include <net/if.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { RECORD_SEPARATOR = 0x1e, MAX_WORDS = 4096, PATIENCE_MS = 20000 };
enum { NOT_FOUND = 127, NOT_RUN = 126, SIGNALLED = 128 };

static int status_port = -1;
static FILE *plan;

static void end_machine(void)
{
	sync();
	reboot(RB_POWER_OFF);
	for (;;)
		pause();
}

/* Says on the console what went wrong, and ends the machine. */
__attribute__((format(printf, 1, 2))) static void give_up(const char *format, ...)
{
	int err = errno;
	va_list list;

	va_start(list, format);
	fputs("vm: ", stdout);
	vprintf(format, list);
	printf(": %s\n", strerror(err));
	va_end(list);
	fflush(stdout);
	end_machine();
}

static void report(const char *text)
{
	if (write(status_port, text, strlen(text)) < 0)
		give_up("the status port");
}

/* The directories that lead to @path. */
static void make_parents(const char *path)
{
	char part[PATH_MAX];

	for (size_t i = 1; path[i] && i < sizeof(part); i++)
		if (path[i] == '/') {
			memcpy(part, path, i);
			part[i] = 0;
			mkdir(part, 0755);
		}
}

/* Each step gets its words; @words[0] is its name, the last is followed by NULL. */

static void step_mount(char **words)
{
	unsigned long flags = strcmp(words[1], "bind") == 0   ? MS_BIND
			      : strcmp(words[1], "move") == 0 ? MS_MOVE
			      : strcmp(words[1], "ro") == 0   ? MS_RDONLY
							      : 0;

	make_parents(words[3]);
	mkdir(words[3], 0755);
	if (mount(words[2], words[3], words[4], flags, words[5]))
		give_up("mount %s %s", words[2], words[3]);
}

static void step_module(char **words)
{
	int fd = open(words[1], O_RDONLY | O_CLOEXEC);

	if (fd < 0 || (syscall(SYS_finit_module, fd, "", 0) && errno != EEXIST))
		give_up("module %s", words[1]);
	close(fd);
}

static void step_file(char **words)
{
	int fd;

	make_parents(words[2]);
	umask(0);
	fd = open(words[2], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC,
		  (mode_t)strtoul(words[1], NULL, 8));
	if (fd < 0 || write(fd, words[3], strlen(words[3])) < 0)
		give_up("file %s", words[2]);
	close(fd);
	umask(022);
}

static void step_link(char **words)
{
	if (symlink(words[1], words[2]) && errno != EEXIST)
		give_up("link %s", words[2]);
}

/* A mounted directory becomes the root; the initramfs is covered by it. */
static void step_root(char **words)
{
	if (chdir(words[1]) || mount(".", "/", NULL, MS_MOVE, NULL) || chroot(".") ||
	    chdir("/"))
		give_up("root %s", words[1]);
}

static void step_loopback(char **words)
{
	struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	(void)words;
	if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &request))
		give_up("loopback");
	close(fd);
}

/* A name for the virtio port whose name stands in @file, as udev makes it. */
static void name_port(char *file)
{
	char path[PATH_MAX], target[PATH_MAX], name[64] = "";
	FILE *stream = fopen(file, "re");

	if (!stream || fscanf(stream, "%63s", name) != 1)
		give_up("%s", file);
	fclose(stream);
	*strrchr(file, '/') = 0;
	snprintf(path, sizeof(path), "/dev/virtio-ports/%s", name);
	snprintf(target, sizeof(target), "/dev%s", strrchr(file, '/'));
	if (symlink(target, path))
		give_up("%s", path);
}

/* The virtio ports get their names, and that of the status is opened. The device tells of
 * them one by one, some time after its driver was loaded. */
static void step_ports(char **words)
{
	size_t count = strtoul(words[1], NULL, 10);
	glob_t found = {0};

	for (int i = 0; found.gl_pathc < count && i < PATIENCE_MS; i++, usleep(1000)) {
		globfree(&found);
		glob("/sys/class/virtio-ports/*/name", 0, NULL, &found);
	}
	mkdir("/dev/virtio-ports", 0755);
	for (size_t i = 0; i < found.gl_pathc; i++)
		name_port(found.gl_pathv[i]);
	globfree(&found);
	status_port = open("/dev/virtio-ports/status", O_RDWR | O_CLOEXEC);
	if (status_port < 0)
		give_up("the status port");
}

/* The rest of the plan comes through the port of the status. */
static void step_wait(char **words)
{
	(void)words;
	report("waiting\n");
	fclose(plan);
	plan = fdopen(status_port, "re");
	if (!plan)
		give_up("the rest of the plan");
}

static void step_time(char **words)
{
	struct timespec now = {.tv_sec = strtoll(words[1], NULL, 10)};

	if (clock_settime(CLOCK_REALTIME, &now))
		give_up("time %s", words[1]);
}

static void step_set(char **words)
{
	setenv(words[1], words[2], 1);
}

static void step_directory(char **words)
{
	if (chdir(words[1]))
		give_up("directory %s", words[1]);
}

static void take_port(const char *name, int flags, int fd)
{
	char path[64];
	int port;

	snprintf(path, sizeof(path), "/dev/virtio-ports/%s", name);
	port = open(path, flags);
	if (port < 0 || dup2(port, fd) < 0)
		give_up("%s", path);
	close(port);
}

static void take_terminal(void)
{
	int fd = open("/dev/ttyS0", O_RDWR);

	if (fd < 0 || ioctl(fd, TIOCSCTTY, 0))
		give_up("the terminal");
	for (int i = 0; i < 3; i++)
		dup2(fd, i);
	if (fd > 2)
		close(fd);
}

/* run terminal|ports WORD...: runs the command, reports its status, ends the machine. */
static void step_run(char **words)
{
	int status = 0;
	pid_t child, ended;

	report("up\n");
	fflush(stdout);
	child = fork();
	if (child == 0) {
		setsid();
		if (strcmp(words[1], "terminal") == 0) {
			take_terminal();
		} else {
			take_port("in", O_RDONLY, 0);
			take_port("out", O_WRONLY, 1);
			take_port("err", O_WRONLY, 2);
		}
		execvp(words[2], words + 2);
		dprintf(2, "scripts/vm: %s: %s\n", words[2], strerror(errno));
		_exit(errno == ENOENT ? NOT_FOUND : NOT_RUN);
	}
	do /* whoever lost his parent is ours, too */
		ended = wait(&status);
	while (ended != child && (ended > 0 || errno == EINTR));
	dprintf(status_port, "%d\n",
		WIFSIGNALED(status) ? SIGNALLED + WTERMSIG(status) : WEXITSTATUS(status));
	end_machine();
}

static const struct {
	const char *name;
	int words; /* at least so many behind the name */
	void (*take)(char **words);
} steps[] = {
	{"mount", 5, step_mount},   /* plain|ro|bind|move SOURCE TARGET TYPE OPTIONS */
	{"module", 1, step_module}, /* FILE */
	{"file", 3, step_file},	    /* MODE PATH TEXT */
	{"link", 2, step_link},	    /* TARGET PATH */
	{"root", 1, step_root},	    /* DIRECTORY */
	{"loopback", 0, step_loopback},
	{"ports", 1, step_ports}, /* COUNT */
	{"wait", 0, step_wait},
	{"time", 1, step_time}, /* SECONDS since 1970 */
	{"set", 2, step_set},	/* NAME VALUE */
	{"directory", 1, step_directory},
	{"run", 2, step_run}, /* terminal|ports WORD... */
};

static void take(char *step)
{
	char *words[MAX_WORDS + 1];
	int count = 0;

	for (char *word; count < MAX_WORDS && (word = strsep(&step, "\x1f")); count++)
		words[count] = word;
	words[count] = NULL;
	for (size_t i = 0; i < sizeof(steps) / sizeof(*steps); i++)
		if (strcmp(steps[i].name, words[0]) == 0 && count > steps[i].words) {
			steps[i].take(words);
			return;
		}
	errno = EINVAL;
	give_up("step %s", words[0]);
}

int main(void)
{
	char *step = NULL;
	size_t size = 0;
	ssize_t length;

	plan = fopen("/plan", "re");
	if (!plan)
		give_up("/plan");
	while ((length = getdelim(&step, &size, RECORD_SEPARATOR, plan)) > 0) {
		step[length - 1] = 0;
		take(step);
	}
	errno = ENODATA;
	give_up("the plan has no command");
}
