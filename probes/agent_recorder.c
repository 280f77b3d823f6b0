// SPDX-License-Identifier: GPL-2.0-or-later
/* The recording of an agent's own probes. */
#include "probes/agent_recorder.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/failure.h"
#include "core/text.h"
#include "probes/child.h"
#include "probes/link.h"

/* What fathom record begins its lines with, but for those of each probe. */
static const char attached_line[] = "[ fathom record: ";

static int make_pipe(int ends[2], struct failure *f)
{
	if (!pipe2(ends, O_CLOEXEC))
		return 0;
	ends[0] = ends[1] = -1;
	return fail(f, -errno, "cannot make a pipe: %s", strerror(errno));
}

static void close_end(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static pid_t start_child(int trace, int words, struct failure *f)
{
	char pid[16];
	char *argv[] = {(char *)"fathom",   (char *)"record", (char *)"-e",
			(char *)"fathom:*", (char *)"-p",     pid,
			(char *)"-o",	    (char *)"-",      NULL};
	const int fds[3] = {-1, trace, words};

	snprintf(pid, sizeof(pid), "%d", getpid());
	return child_start(argv, fds, SIGTERM, f);
}

int recorder_start(struct recorder *r, struct failure *f)
{
	int trace[2] = {-1, -1}, words[2] = {-1, -1};
	int err = make_pipe(trace, f);
	pid_t child;

	if (!err)
		err = make_pipe(words, f);
	child = err ? err : start_child(trace[1], words[1], f);
	close_end(&trace[1]);
	close_end(&words[1]);
	*r = (struct recorder){.trace = trace[0], .words = words[0]};
	if (child > 0) {
		r->pid = child;
		return 0;
	}
	close_end(&r->trace);
	close_end(&r->words);
	return child;
}

/* What does not fit is cut. A line may name any file, so it may be any bytes. */
static void take_line(struct recorder *r)
{
	size_t room = sizeof(r->said) - r->said_size;
	char *end = r->said + r->said_size;
	int size;

	r->line[r->line_size] = 0;
	if (strncmp(r->line, attached_line, strlen(attached_line)) == 0)
		r->attached = true;
	if (*r->line == ' ')
		return;
	size = snprintf(end, room, "%s%s", r->said_size ? "\n" : "", r->line);
	text_tame(*end == '\n' ? end + 1 : end);
	r->said_size += (size_t)size < room ? (size_t)size : room - 1;
}

void recorder_listen(struct recorder *r)
{
	char text[1024];
	ssize_t got = read(r->words, text, sizeof(text));

	if (got < 0 && errno == EINTR)
		return;
	for (ssize_t i = 0; i < got; i++) {
		if (text[i] != '\n' && r->line_size < sizeof(r->line) - 1) {
			r->line[r->line_size++] = text[i];
		} else if (text[i] == '\n') {
			take_line(r);
			r->line_size = 0;
		}
	}
	if (got <= 0)
		close_end(&r->words);
}

int recorder_relay(struct recorder *r, struct link *link, uint32_t number,
		   struct failure *f)
{
	static uint8_t piece[CONTROL_PIECE_MAX];
	ssize_t got = read(r->trace, piece, sizeof(piece));

	if (got < 0 && errno == EINTR)
		return 0;
	if (got > 0)
		return link_send_piece(link, number, &r->sent, piece, (size_t)got, f);
	close_end(&r->trace);
	return 0;
}

void recorder_stop(struct recorder *r)
{
	if (r->pid && !r->stopping)
		kill(r->pid, SIGTERM);
	r->stopping = true;
}

bool recorder_close(struct recorder *r)
{
	int status = 0;

	if (!r->pid)
		return true;
	recorder_stop(r);
	close_end(&r->trace);
	close_end(&r->words);
	while (waitpid(r->pid, &status, 0) < 0 && errno == EINTR)
		;
	r->pid = 0;
	return WIFEXITED(status) && !WEXITSTATUS(status);
}
