// SPDX-License-Identifier: GPL-2.0-or-later
/* The agent's trace as it comes home: a pipe's form of perf.data, written as it comes. */
#include "probes/master_trace.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/json_members.h"
#include "core/units.h"
#include "core/write_all.h"

int master_trace_open(struct master_trace *t, const char *path, struct failure *f)
{
	*t = (struct master_trace){.path = path};
	t->fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	return t->fd < 0 ? fail(f, -errno, "%s: %s", path, strerror(errno)) : 0;
}

int master_trace_take(struct master_trace *t, const struct control_message *m,
		      struct failure *f)
{
	const void *data;
	size_t size;
	int err;

	if (t->fd < 0)
		return fail(f, -EPROTO, "a trace came that nobody asked for");
	err = control_take_piece(&t->stream, m, &data, &size, f);
	if (err || t->unwritten)
		return err;
	t->unwritten = write_all(t->fd, data, size);
	if (t->unwritten)
		fail(&t->failure, t->unwritten, "%s: %s; it is incomplete", t->path,
		     strerror(-t->unwritten));
	return 0;
}

/* Line by line, without the brackets that some are in. */
static void say_lines(const char *lines, void (*say)(const char *line))
{
	while (*lines) {
		struct failure line;
		size_t length = strcspn(lines, "\n"), last = length;

		if (length > 4 && *lines == '[' && lines[length - 1] == ']') {
			lines += 2;
			length -= 2;
			last = length - 2;
		}
		fail(&line, 0, "agent: %.*s", (int)(last < 400 ? last : 400), lines);
		say(line.text);
		lines += length + (lines[length] == '\n');
	}
}

int master_trace_finish(struct master_trace *t, const json_t *finished,
			void (*say)(const char *line), struct failure *f)
{
	char line[300], size[UNIT_TEXT];

	say_lines(member_text(finished, "said"), say);
	if (member_is_true(finished, "cut_short"))
		say("agent: recording ended at its --max-trace, before the job");
	if (t->unwritten)
		return fail(f, t->unwritten, "%s", t->failure.text);
	if (member_count(finished, "bytes") != t->stream.bytes ||
	    member_count(finished, "checksum") != t->stream.checksum)
		return fail(f, -EBADMSG, "%s is not what the agent has sent", t->path);
	if (!member_is_true(finished, "recorded"))
		return fail(f, -EREMOTEIO, "the agent's recorder failed; %s is incomplete",
			    t->path);
	snprintf(line, sizeof(line), "the agent's trace: %s in %.200s",
		 size_text(size, (double)t->stream.bytes), t->path);
	say(line);
	return 0;
}

void master_trace_close(struct master_trace *t)
{
	if (t->fd >= 0)
		close(t->fd);
	t->fd = -1;
}
