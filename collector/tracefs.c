// SPDX-License-Identifier: GPL-2.0-or-later
/* Reads and writes tracefs, and clears away what killed runs left there. */
#include "collector/tracefs.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "core/failure.h"

enum { TRACEFS_MAGIC_NUMBER = 0x74726163, FILE_MAX = 16 << 20 };

static const char *const places[] = {"/sys/kernel/tracing", "/sys/kernel/debug/tracing"};

const char *tracefs_path(bool mount_it)
{
	struct statfs status;

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		if (statfs(places[i], &status) == 0 &&
		    status.f_type == TRACEFS_MAGIC_NUMBER)
			return places[i];
	if (mount_it && mount("tracefs", places[0], "tracefs", 0, NULL) == 0)
		return places[0];
	return NULL;
}

static int tracefs_open(const char *file, int flags, struct failure *f)
{
	const char *root = tracefs_path(true);
	char path[512];
	int fd;

	if (!root)
		return fail(f, -ENOENT,
			    "tracefs is not mounted and cannot be: mount -t tracefs "
			    "tracefs /sys/kernel/tracing");
	snprintf(path, sizeof(path), "%s/%s", root, file);
	fd = open(path, flags | O_CLOEXEC);
	return fd < 0 ? fail(f, -errno, "%s: %s", path, strerror(errno)) : fd;
}

int tracefs_read(const char *file, char **text, struct failure *f)
{
	int fd = tracefs_open(file, O_RDONLY, f);
	size_t size = 0, room = 4096;
	char *buffer;
	ssize_t got = 0;

	if (fd < 0)
		return fd;
	buffer = malloc(room);
	while (buffer && (got = read(fd, buffer + size, room - size - 1)) > 0) {
		size += (size_t)got;
		if (room - size < 2) {
			char *more = room < FILE_MAX ? realloc(buffer, room *= 2) : NULL;

			if (!more)
				free(buffer);
			buffer = more;
		}
	}
	close(fd);
	if (!buffer)
		return fail(f, -ENOMEM, "tracefs: %s is too long", file);
	buffer[size] = 0;
	*text = buffer;
	return 0;
}

int tracefs_write(const char *file, const char *line, struct failure *f)
{
	int fd = tracefs_open(file, O_WRONLY | O_APPEND, f);
	int err = 0;

	if (fd < 0)
		return fd;
	if (write(fd, line, strlen(line)) < 0)
		err = fail(f, -errno, "tracefs: cannot write '%s' to %s: %s", line, file,
			   strerror(errno));
	close(fd);
	return err;
}

int tracefs_event_id(const char *event)
{
	char file[256], *text;
	int err, id;

	snprintf(file, sizeof(file), "events/%s/id", event);
	err = tracefs_read(file, &text, NULL);
	if (err)
		return err == -EACCES ? err : -ENOENT;
	id = atoi(text);
	free(text);
	return id > 0 ? id : -ENOENT;
}

int tracefs_field_offset(const char *event, const char *field)
{
	char file[256], wanted[64], *text, *at;
	int err, offset = -ENOENT;

	snprintf(file, sizeof(file), "events/%s/format", event);
	err = tracefs_read(file, &text, NULL);
	if (err)
		return err == -EACCES ? err : -ENOENT;
	snprintf(wanted, sizeof(wanted), " %s;", field);
	at = strstr(text, wanted);
	if (at)
		at = strstr(at, "offset:");
	if (at)
		offset = atoi(at + strlen("offset:"));
	free(text);
	return offset;
}

/* A line of uprobe_events is "p:GROUP/EVENT PATH…". */
static bool line_group(const char *line, char *group, char *name, size_t room)
{
	const char *colon = strchr(line, ':'), *slash, *blank;

	if (!colon || colon - line > 2)
		return false;
	slash = strchr(colon, '/');
	blank = strchr(colon, ' ');
	if (!slash || !blank || slash > blank || (size_t)(slash - colon) > room ||
	    (size_t)(blank - colon) > room)
		return false;
	snprintf(group, room, "%.*s", (int)(slash - colon - 1), colon + 1);
	snprintf(name, room, "%.*s", (int)(blank - slash - 1), slash + 1);
	return true;
}

/* Is @group fathom's, of a process that is no more? */
static bool is_left_behind(const char *group, const void *unused)
{
	int pid = 0, end = 0;

	(void)unused;
	if (sscanf(group, "fathom_%d%n", &pid, &end) != 1 || group[end] || pid <= 0)
		return false;
	return kill(pid, 0) < 0 && errno == ESRCH;
}

static bool is_group(const char *group, const void *wanted)
{
	return strcmp(group, wanted) == 0;
}

/* Removes, or with @only_count counts, the events whose group matches. */
static int remove_events(bool (*matches)(const char *group, const void *user),
			 const void *user, bool only_count, struct failure *f)
{
	char *text, *line, *rest, group[128], name[128], command[300], last[300] = "";
	int removed = 0, err = tracefs_read("uprobe_events", &text, f);

	if (err)
		return err;
	for (line = strtok_r(text, "\n", &rest); line;
	     line = strtok_r(NULL, "\n", &rest)) {
		if (!line_group(line, group, name, sizeof(name)) || !matches(group, user))
			continue;
		snprintf(command, sizeof(command), "-:%s/%s", group, name);
		if (strcmp(command, last) == 0) /* a further site of the same event */
			continue;
		memcpy(last, command, sizeof(last));
		if (only_count || tracefs_write("uprobe_events", command, f) == 0)
			removed++;
	}
	free(text);
	return removed;
}

int tracefs_clean(struct failure *f)
{
	return remove_events(is_left_behind, NULL, false, f);
}

int tracefs_left_behind(void)
{
	int left =
		tracefs_path(false) ? remove_events(is_left_behind, NULL, true, NULL) : 0;

	return left > 0 ? left : 0;
}

int tracefs_remove_group(const char *group, struct failure *f)
{
	return remove_events(is_group, group, false, f);
}
