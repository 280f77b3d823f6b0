// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fathom agent: runs the jobs of a bench on another machine. fathom-agent(1).
 *
 * Each master gets a process of its own, this program once more with '-' for the address:
 * what a session does to itself (its sandbox, a crash) is over with it, and whoever comes
 * meanwhile is told at once that another is served.
 */
#include <errno.h>
#include <linux/vm_sockets.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <fcntl.h>
#include <unistd.h>

#include "core/command.h"
#include "core/failure.h"
#include "core/options.h"
#include "core/stop.h"
#include "core/text.h"
#include "probes/agent_session.h"
#include "probes/bench_tell.h"
#include "probes/channel.h"
#include "probes/child.h"
#include "probes/link.h"

enum {
	MAX_CIDS = 64,
	GRACE_MS = 1000,
	SHORTAGE_MS = 1000, /* until accepting is tried again */
};

struct agent_options {
	struct string_list paths, cids;
	bool allow_write, once;
	struct agent_limits limits;
};

#define AT(member) offsetof(struct agent_options, member)

static const struct option_row rows[] = {
	{"allow-path", 0, OPTION_LIST, AT(paths), "PATH",
	 "jobs may read below this directory, or this file or device; may be given again",
	 0, 0},
	{"allow-write", 0, OPTION_FLAG, AT(allow_write), NULL,
	 "… and write there, too, and make files", 0, 0},
	{"allow-cid", 0, OPTION_LIST, AT(cids), "CID",
	 "who may come by vsock (2, the host, and 1, this machine); may be given again",
	 0, 0},
	{"once", 0, OPTION_FLAG, AT(once), NULL, "serve one master, then end", 0, 0},
	{"max-time", 0, OPTION_TIME, AT(limits.time_ns), "TIME",
	 "longest run of a job (1h)", 1, 0},
	{"max-workers", 0, OPTION_NUMBER, AT(limits.workers), "N",
	 "most workers of a job (256)", 1, 1024},
	{"max-memory", 0, OPTION_SIZE, AT(limits.memory), "SIZE",
	 "most memory of its workers and buffers (1g)", 1, 0},
	{"max-size", 0, OPTION_SIZE, AT(limits.size), "SIZE",
	 "most that its files are laid out with or grow by (16g)", 0, 0},
	{"max-trace", 0, OPTION_SIZE, AT(limits.trace), "SIZE",
	 "most of a recording (4g)", 1, 0},
	{0},
};

static const struct usage usage = {
	.command = "agent",
	.synopsis = "[OPTION...] ADDR",
	.summary =
		"Waits on ADDR for 'fathom bench --agent', runs its job here and sends "
		"the "
		"results.\nADDR is vsock:CID:PORT, unix:PATH, tcp:HOST:PORT, or - for a "
		"connection that is\nstandard input already.",
	.rows = rows,
	.more = "Examples:\n"
		"  fathom agent --allow-path /dev/vdb vsock:any:7700\n"
		"  fathom agent --allow-path /var/tmp --allow-write unix:/run/fathom\n",
};

/* The command with what it works with. */
struct agent {
	struct agent_options options;
	struct agent_rules rules;
	uint32_t cids[MAX_CIDS];
	size_t nr_cids;
	struct channel_address address;
	int listener;  /* -1: none */
	bool is_short; /* of descriptors or memory: who comes has to wait */
	pid_t session; /* 0: nobody is served */
	int ended;     /* its pidfd */
	char **argv;
};

static void say(const char *line)
{
	progress_end();
	fprintf(stderr, "[ fathom agent: %s ]\n", line);
}

/* What the options allow */

static int take_paths(struct agent *a, struct failure *f)
{
	const struct string_list *paths = &a->options.paths;
	int err = 0;

	for (size_t i = 0; !err && i < paths->count; i++)
		err = file_roots_add(&a->rules.roots, paths->items[i], f);
	a->rules.allow_write = a->options.allow_write;
	a->rules.limits = a->options.limits;
	return err;
}

static int take_cids(struct agent *a, struct failure *f)
{
	const struct string_list *cids = &a->options.cids;
	int err = 0;

	if (cids->count > MAX_CIDS)
		return fail(f, -E2BIG, "--allow-cid: %d at most", MAX_CIDS);
	for (size_t i = 0; !err && i < cids->count; i++) {
		err = channel_parse_cid(cids->items[i], &a->cids[i], f);
		if (err)
			return fail_in(f, err, "--allow-cid");
	}
	a->nr_cids = cids->count;
	if (!a->nr_cids) {
		a->cids[a->nr_cids++] = VMADDR_CID_LOCAL;
		a->cids[a->nr_cids++] = VMADDR_CID_HOST;
	}
	return 0;
}

static bool may_come(const struct agent *a, const struct channel_peer *peer)
{
	if (peer->cid == CHANNEL_NO_CID)
		return true;
	for (size_t i = 0; i < a->nr_cids; i++)
		if (a->cids[i] == peer->cid || a->cids[i] == VMADDR_CID_ANY)
			return true;
	return false;
}

/* One session, on standard input */

/* Our standard files are left to whoever starts children. */
static int take_stdin(struct failure *f)
{
	int fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);

	if (fd < 0 || null < 0 || dup2(null, STDIN_FILENO) < 0)
		return fail(f, -errno, "standard input: %s", strerror(errno));
	close(null);
	return fd;
}

static int serve_stdin(struct agent *a, struct failure *f)
{
	struct session session = {.rules = &a->rules, .say = say, .show = tell_progress};
	struct channel_peer peer;
	int fd = take_stdin(f), err;

	if (fd < 0)
		return fd;
	prctl(PR_SET_NAME, "fathom"); /* not "exe", what the agent starts it by */
	err = channel_peer_of(fd, &peer, f);
	if (!err && !may_come(a, &peer))
		err = fail(f, -EPERM, "%s may not use this agent (--allow-cid)",
			   peer.text);
	if (!err)
		return session_serve(&session, fd, &peer, f);
	close(fd);
	return err;
}

/* Sessions, one at a time */

/* Answers in place of a session, and hangs up. */
static void turn_away(int fd, const struct channel_peer *peer, enum control_type type,
		      const char *text)
{
	struct failure unheard;
	struct link link;

	link_open(&link, fd, CONTROL_AGENT, peer);
	link_send(&link, type, 0, json_pack("{s:s}", "text", text), &unheard);
	link_close(&link);
}

/* The same command line, but for the address. */
static int start_session(struct agent *a, int fd, struct failure *f)
{
	const int fds[3] = {fd, -1, -1};
	size_t count = 0;
	char **argv;

	while (a->argv[count])
		count++;
	argv = calloc(count + 2, sizeof(*argv));
	if (!argv)
		return fail(f, -ENOMEM, "out of memory");
	argv[0] = (char *)"fathom";
	memcpy(argv + 1, a->argv, count * sizeof(*argv));
	argv[count] = (char *)"-";
	a->session = child_start(argv, fds, SIGTERM, f);
	free(argv);
	if (a->session < 0) {
		int err = a->session;

		a->session = 0;
		return err;
	}
	return 0;
}

/* Waits for the end of the session; returns its wait status. */
static int collect_session(struct agent *a)
{
	int status;

	while (waitpid(a->session, &status, 0) < 0 && errno == EINTR)
		;
	a->session = 0;
	return status;
}

/* It has told its own failure. */
static void end_session(struct agent *a)
{
	int status = collect_session(a);

	if (WIFSIGNALED(status))
		command_warn("agent", "the session was killed by signal %d",
			     WTERMSIG(status));
	close(a->ended);
	a->ended = -1;
}

/* Sees to it that the end of the session will be noticed. */
static int watch_session(struct agent *a, struct failure *f)
{
	int err;

	a->ended = (int)syscall(SYS_pidfd_open, a->session, 0);
	if (a->ended >= 0)
		return 0;
	err = fail(f, -errno, "pidfd_open: %s", strerror(errno));
	kill(a->session, SIGKILL);
	collect_session(a);
	return err;
}

/* The agent goes on when there is nothing left for one more session. */
static void begin_session(struct agent *a, int fd, const struct channel_peer *peer)
{
	struct failure f;
	int err = start_session(a, fd, &f);

	if (!err)
		err = watch_session(a, &f);
	if (!err) {
		close(fd);
		return;
	}
	command_warn("agent", "no session for %s: %s", peer->text, f.text);
	turn_away(fd, peer, CONTROL_ERROR, f.text);
}

/* Whoever comes right behind another is not to be turned away because of him. */
static bool ends_soon(const struct agent *a)
{
	struct pollfd ended = {a->ended, POLLIN, 0};

	return poll(&ended, 1, GRACE_MS) > 0;
}

/* Something that others may give back. */
static bool is_shortage(int err)
{
	return err == -EMFILE || err == -ENFILE || err == -ENOBUFS || err == -ENOMEM;
}

/* Who could not be accepted stays in the queue. */
static int refused(struct agent *a, int err, const struct failure *f)
{
	if (err == -EAGAIN)
		return 0;
	if (!is_shortage(err))
		return err;
	command_warn("agent", "%s; trying again", f->text);
	a->is_short = true;
	return 0;
}

static int welcome(struct agent *a, struct failure *f)
{
	struct channel_peer peer;
	char text[sizeof(f->text)];
	int fd = channel_accept(a->listener, &peer, f);

	if (fd < 0)
		return refused(a, fd, f);
	if (!may_come(a, &peer)) {
		snprintf(text, sizeof(text), "%s may not use this agent (--allow-cid)",
			 peer.text);
		say(text);
		turn_away(fd, &peer, CONTROL_ERROR, text);
	} else if (a->session) {
		turn_away(fd, &peer, CONTROL_BUSY, "the agent serves another master");
	} else {
		begin_session(a, fd, &peer);
	}
	return 0;
}

static int serve_all(struct agent *a, struct failure *f)
{
	int err = 0;

	while (!err && !stop_requested()) {
		struct pollfd fds[] = {{a->is_short ? -1 : a->listener, POLLIN, 0},
				       {a->ended, POLLIN, 0}};
		int wait_ms = a->is_short ? SHORTAGE_MS : -1;
		bool ended;

		a->is_short = false;
		if (poll(fds, 2, wait_ms) < 0) {
			if (errno != EINTR)
				return fail(f, -errno, "poll: %s", strerror(errno));
			continue;
		}
		ended = a->session &&
			(fds[1].revents || (fds[0].revents && ends_soon(a)));
		if (ended)
			end_session(a);
		if (ended && a->options.once)
			return 0;
		if (fds[0].revents)
			err = welcome(a, f);
	}
	if (a->session) {
		kill(a->session, SIGTERM);
		end_session(a);
	}
	return err;
}

static int listen_and_serve(struct agent *a, struct failure *f)
{
	char address[CHANNEL_TEXT], line[CHANNEL_TEXT + 64];
	int err;

	a->listener = channel_listen(&a->address, f);
	if (a->listener < 0)
		return a->listener;
	channel_text(address, &a->address);
	if (channel_is_public(&a->address))
		command_warn(
			"agent",
			"whoever reaches %s may run jobs here: nobody is asked for a "
			"password, and nothing is encrypted",
			address);
	snprintf(line, sizeof(line), "listening on %s", address);
	say(line);
	err = serve_all(a, f);
	channel_unlisten(a->listener, &a->address);
	return err;
}

/* An address that is - is a connection on standard input. */
static bool is_alone(const char *address)
{
	return strcmp(address, "-") == 0;
}

static int agent(struct agent *a, const char *address)
{
	struct failure f = {{0}};
	int err = take_paths(a, &f);

	if (!err)
		err = is_alone(address) ? serve_stdin(a, &f) : listen_and_serve(a, &f);
	progress_end();
	return err ? command_failed("agent", &f) : EXIT_FINE;
}

/* What is no address and no CID is bad usage; a name that leads nowhere is not. */
static int check_and_run(struct agent *a, const char *address)
{
	struct failure f = {{0}};
	int err = take_cids(a, &f);

	if (!err && !is_alone(address))
		err = channel_parse(address, &a->address, &f);
	if (err == -ENXIO)
		return command_failed("agent", &f);
	if (err)
		return options_complain(&usage, "%s", f.text);
	if (a->options.cids.count && !is_alone(address) &&
	    a->address.socket.ss_family != AF_VSOCK)
		return options_complain(&usage, "--allow-cid is for a vsock address");
	stop_on_signals();
	return agent(a, address);
}

int cmd_agent(int argc, char **argv)
{
	struct agent a = {
		.options.limits = {.time_ns = 3600000000000,
				   .workers = 256,
				   .memory = 1ULL << 30,
				   .size = 16ULL << 30,
				   .trace = 4ULL << 30},
		.rules.sandbox = true,
		.listener = -1,
		.ended = -1,
		.argv = argv,
	};
	int at = options_parse(&usage, argc, argv, &a.options), status;

	if (at < 0)
		status = options_exit(at);
	else if (argc - at != 1)
		status = options_complain(&usage, at == argc ? "which address?"
							     : "one address, and last");
	else if (a.options.allow_write && !a.options.paths.count)
		status = options_complain(&usage, "--allow-write needs an --allow-path");
	else
		status = check_and_run(&a, argv[at]);
	file_roots_free(&a.rules.roots);
	string_list_free(&a.options.paths);
	string_list_free(&a.options.cids);
	return status;
}
