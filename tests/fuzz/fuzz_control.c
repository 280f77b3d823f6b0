// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * libFuzzer target: any bytes on a control connection. The first byte says who says them,
 * a master to an agent that is ready to run jobs, or an agent to a master. What makes no
 * sense must be told in one line.
 */
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/failure.h"
#include "probes/agent_session.h"
#include "probes/bench_report.h"
#include "probes/master.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct channel_peer somebody = {.cid = CHANNEL_NO_CID, .text = "fuzz"};

static const struct agent_rules rules = {
	.limits = {.time_ns = 5000000, .workers = 4, .memory = 16 << 20, .trace = 1 << 20},
};

enum { PATIENCE_MS = 500 };

/* What is at the other end, and the bytes that it says. */
struct feed {
	int fd;
	enum control_side side;
	const uint8_t *data;
	size_t size;
	uint8_t heard[64 << 10]; /* what came back, from the last whole message on */
	size_t nr_heard;
};

/* The next message that came back is dropped; its type, or CONTROL_NOTHING. */
static const struct control_kind *next_heard(struct feed *feed)
{
	enum control_side other =
		feed->side == CONTROL_AGENT ? CONTROL_MASTER : CONTROL_AGENT;
	struct control_message m;

	if (control_parse(feed->heard, feed->nr_heard, other, &m, NULL) != 1)
		return NULL;
	feed->nr_heard -= control_size(&m);
	memmove(feed->heard, feed->heard + control_size(&m), feed->nr_heard);
	return m.kind;
}

/* Until a message comes back that is, or answers, @type; false if none does. */
static bool hear(struct feed *feed, enum control_type type)
{
	struct pollfd in = {.fd = feed->fd, .events = POLLIN};

	for (;;) {
		const struct control_kind *kind;
		ssize_t got;

		while ((kind = next_heard(feed)))
			if (kind->type == type || kind->answers == type)
				return true;
		if (poll(&in, 1, PATIENCE_MS) <= 0)
			return false;
		got = recv(feed->fd, feed->heard + feed->nr_heard,
			   sizeof(feed->heard) - feed->nr_heard, 0);
		if (got <= 0)
			return false;
		feed->nr_heard += (size_t)got;
	}
}

static void say(struct feed *feed, const void *data, size_t size)
{
	send(feed->fd, data, size, MSG_NOSIGNAL | MSG_DONTWAIT);
}

/* Message by message, as far as there are some: answers when they are asked for, and
 * behind what takes a while waits for its answer. A recorder would be this program again. */
static void *talk(void *arg)
{
	struct feed *feed = arg;
	struct control_message m;
	size_t at = 0;

	while (control_parse(feed->data + at, feed->size - at, feed->side, &m, NULL) == 1) {
		enum control_type type = m.kind->type;

		if (m.kind->answers && !hear(feed, m.kind->answers))
			break;
		if (type != CONTROL_RECORD)
			say(feed, feed->data + at, control_size(&m));
		if (type == CONTROL_JOB || type == CONTROL_RUN || type == CONTROL_FINISH)
			hear(feed, type);
		at += control_size(&m);
	}
	say(feed, feed->data + at, feed->size - at);
	shutdown(feed->fd, SHUT_WR);
	hear(feed, CONTROL_NOTHING);
	close(feed->fd);
	return NULL;
}

static void check(int err, const struct failure *f)
{
	if (err && (!*f->text || strchr(f->text, '\n')))
		abort();
}

static void agent(int fd)
{
	struct session session = {.rules = &rules};
	struct failure f = {{0}};

	check(session_serve(&session, fd, &somebody, &f), &f);
}

static void be_told(const char *line)
{
	if (strchr(line, '\n') || strchr(line, '\033'))
		abort();
}

static void be_warned(const json_t *warnings)
{
	(void)warnings;
}

static void be_shown(const char *phase, const struct run_progress *progress)
{
	(void)phase;
	(void)progress;
}

static void master(int fd)
{
	struct master_options options = {
		.agent = "fuzz",
		.job = json_object(),
		.record = "/dev/null",
		.say = be_told,
		.warn = be_warned,
		.show = be_shown,
	};
	FILE *nowhere = fopen("/dev/null", "w");
	struct failure f = {{0}};
	json_t *results = NULL;

	check(master_run(fd, &options, &results, &f), &f);
	if (results && nowhere)
		bench_text(results, nowhere);
	json_decref(results);
	json_decref(options.job);
	if (nowhere)
		fclose(nowhere);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct feed feed;
	pthread_t thread;
	int ends[2];

	if (!size)
		return 0;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends))
		abort();
	fcntl(ends[1], F_SETFL, O_NONBLOCK);
	feed = (struct feed){
		.fd = ends[0],
		.side = data[0] & 1 ? CONTROL_MASTER : CONTROL_AGENT,
		.data = data + 1,
		.size = size - 1,
	};
	if (pthread_create(&thread, NULL, talk, &feed))
		abort();
	if (feed.side == CONTROL_MASTER)
		agent(ends[1]);
	else
		master(ends[1]);
	pthread_join(thread, NULL);
	return 0;
}
