// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * AF_VSOCK traffic whose every number is known, for a capture of it: each scenario is one
 * connection between this process, which connects, and a child, which listens.
 *
 *	traffic [-c CID] [-p PORT] [SCENARIO...]
 *
 * By default all but flood, over the loopback (CID 1), on ports from 7000 on.
 *
 * A line per scenario tells what happened: its name, the listener's port, bytes sent and
 * received by the connecting end, and, in ns, how long it waited at least.
 */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <linux/vm_sockets.h>

enum {
	FIRST_PORT = 7000,
	ECHO_MAX = 1 << 20,
	SMALL_BUFFER = 16 << 10,
	PAUSE_NS = 300000000,
	TURNS = 40,    /* of a buffer that is filled and emptied */
	FLOOD = 20000, /* packets as small as they get */
};

/* What a scenario knows. */
struct scenario {
	const char *name;
	int type;
	uint64_t buffer; /* of the listening end; 0: the default */
	void (*connects)(int fd);
	void (*accepts)(int fd, int news); /* @news: what connects() tells it */
	bool by_itself; /* connects() makes its own connection, fd is -1 */
};

static unsigned cid = VMADDR_CID_LOCAL, port;
static int news_out; /* to the accepting end */
static uint64_t sent, received, waited_ns;

static _Noreturn void die(const char *what)
{
	fprintf(stderr, "traffic: %s: %s\n", what, strerror(errno));
	exit(1);
}

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static void pause_ns(long ns)
{
	struct timespec t = {.tv_nsec = ns};

	while (nanosleep(&t, &t) && errno == EINTR)
		;
}

/* Text that compresses well and tells where it stands. */
static void fill(char *data, size_t size)
{
	for (size_t i = 0; i < size; i++)
		data[i] = "0123456789abcdef"[i & 15];
}

static void write_all(int fd, const char *data, size_t size)
{
	while (size) {
		ssize_t n = send(fd, data, size, MSG_NOSIGNAL);

		if (n <= 0)
			die("send");
		data += n;
		size -= (size_t)n;
		sent += (size_t)n;
	}
}

/* How many bytes came before the end. */
static size_t read_all(int fd, char *data, size_t size)
{
	size_t done = 0;

	while (done < size) {
		ssize_t n = recv(fd, data + done, size - done, 0);

		if (n < 0)
			die("recv");
		if (!n)
			break;
		done += (size_t)n;
	}
	received += done;
	return done;
}

/* How much the peer managed to send, told by it. */
static size_t wait_for_news(int news)
{
	size_t amount;

	if (read(news, &amount, sizeof(amount)) != sizeof(amount))
		die("news");
	return amount;
}

/* Until so much has arrived: what is on its way is not yet a stall. */
static void wait_for_arrival(int fd, size_t amount)
{
	char *data = malloc(amount);

	while (recv(fd, data, amount, MSG_PEEK | MSG_DONTWAIT) != (ssize_t)amount)
		pause_ns(1000000);
	free(data);
}

static void give_news(size_t amount)
{
	if (write(news_out, &amount, sizeof(amount)) != sizeof(amount))
		die("news");
}

/* Every power of two from 1 byte to 1 MiB, the size before and the size after it. */
static size_t echo_size(unsigned i)
{
	return ((size_t)1 << i / 3) + i % 3 - 1;
}

enum { ECHO_FIRST = 1, ECHO_LAST = 3 * 20 + 1 };

static void echo_client(int fd)
{
	char *data = malloc(ECHO_MAX), *back = malloc(ECHO_MAX);

	fill(data, ECHO_MAX);
	for (unsigned i = ECHO_FIRST; i <= ECHO_LAST; i++) {
		size_t size = echo_size(i);

		write_all(fd, data, size);
		if (read_all(fd, back, size) != size || memcmp(data, back, size))
			die("echo");
	}
	free(data);
	free(back);
}

static void echo_server(int fd, int news)
{
	char *data = malloc(ECHO_MAX);

	(void)news;
	for (unsigned i = ECHO_FIRST; i <= ECHO_LAST; i++) {
		if (read_all(fd, data, echo_size(i)) != echo_size(i))
			die("echo");
		write_all(fd, data, echo_size(i));
	}
	read_all(fd, data, 1); /* the end */
	free(data);
}

/* Each end says that it is done before it closes. */
static void halves_client(int fd)
{
	char byte;

	write_all(fd, "question", 8);
	shutdown(fd, SHUT_WR);
	while (read_all(fd, &byte, 1))
		;
}

static void halves_server(int fd, int news)
{
	char byte;

	(void)news;
	while (read_all(fd, &byte, 1))
		;
	write_all(fd, "answer", 6);
	shutdown(fd, SHUT_WR);
}

/* Sends what the peer has room for; returns how much that was. */
static size_t fill_up(int fd)
{
	char data[4096];
	size_t amount = 0;
	ssize_t n;

	fill(data, sizeof(data));
	while ((n = send(fd, data, sizeof(data), MSG_DONTWAIT | MSG_NOSIGNAL)) > 0)
		amount += (size_t)n;
	if (errno != EAGAIN)
		die("fill");
	sent += amount;
	return amount;
}

static void stalled_writer(int fd)
{
	char data[4096];
	uint64_t began;

	fill(data, sizeof(data));
	give_news(fill_up(fd));
	began = now_ns();
	write_all(fd, data, sizeof(data)); /* blocks until the peer reads */
	waited_ns = now_ns() - began;
}

/* Reads nothing while the peer would write. */
static void late_reader(int fd, int news)
{
	char data[4096];

	wait_for_arrival(fd, wait_for_news(news));
	pause_ns(PAUSE_NS);
	while (read_all(fd, data, sizeof(data)))
		;
}

/* Never reads; the peer closes with its data unread. */
static void no_reader(int fd, int news)
{
	wait_for_arrival(fd, wait_for_news(news));
	pause_ns(PAUSE_NS);
}

static void given_up_writer(int fd)
{
	char byte;

	give_news(fill_up(fd));
	if (recv(fd, &byte, 1, 0) > 0) /* until the peer closes */
		die("recv");
}

/* Reads at once, but its buffer is small. */
static void busy_writer(int fd)
{
	char data[SMALL_BUFFER];

	fill(data, sizeof(data));
	for (unsigned i = 0; i < TURNS; i++)
		write_all(fd, data, sizeof(data));
}

static void busy_reader(int fd, int news)
{
	char data[SMALL_BUFFER];

	(void)news;
	while (read_all(fd, data, sizeof(data)))
		;
}

/* As many packets as can be, as fast as can be. */
static void flood(int fd)
{
	for (unsigned i = 0; i < FLOOD; i++)
		write_all(fd, "!", 1);
}

/* Both write what they can before either reads. The buffers are equal. */
static void embrace_client(int fd)
{
	char data[4096];
	size_t amount = fill_up(fd), left = amount;

	give_news(amount);
	wait_for_arrival(fd, amount);
	pause_ns(PAUSE_NS);
	while (left)
		left -= read_all(fd, data, left < sizeof(data) ? left : sizeof(data));
	write_all(fd, "go on", 5);
	shutdown(fd, SHUT_WR);
	while (read_all(fd, data, sizeof(data)))
		;
}

static void embrace_server(int fd, int news)
{
	char data[4096];

	fill_up(fd);
	wait_for_arrival(fd, wait_for_news(news));
	write_all(fd, "go on", 5); /* blocks */
	while (read_all(fd, data, sizeof(data)))
		;
}

static const size_t messages[] = {1, 5, 100, 4096, 65536, 70000, 200000};

enum { MESSAGES = sizeof(messages) / sizeof(*messages) };

static void message_client(int fd)
{
	char *data = malloc(ECHO_MAX);

	fill(data, ECHO_MAX);
	for (unsigned i = 0; i < MESSAGES; i++) {
		if (send(fd, data, messages[i], i == 1 ? MSG_EOR : 0) !=
		    (ssize_t)messages[i])
			die("send of a message");
		sent += messages[i];
		if (recv(fd, data, ECHO_MAX, 0) != (ssize_t)messages[i])
			die("echo of a message");
		received += messages[i];
	}
	free(data);
}

static void message_server(int fd, int news)
{
	char *data = malloc(ECHO_MAX);
	ssize_t n;

	(void)news;
	while ((n = recv(fd, data, ECHO_MAX, 0)) > 0)
		if (send(fd, data, (size_t)n, MSG_NOSIGNAL) != n)
			die("echo of a message");
	free(data);
}

static struct sockaddr_vm address_of(unsigned to_cid)
{
	return (struct sockaddr_vm){
		.svm_family = AF_VSOCK, .svm_cid = to_cid, .svm_port = port};
}

static void refused(int fd)
{
	struct sockaddr_vm to = address_of(cid);

	(void)fd;
	fd = socket(AF_VSOCK, SOCK_STREAM, 0);
	if (!connect(fd, (struct sockaddr *)&to, sizeof(to)) || errno != ECONNRESET)
		die("connect to nobody");
	close(fd);
}

/*
 * A socket that is closed before the RESPONSE comes answers it with RST. With the
 * priority of real time nobody comes between the two calls on one CPU; on several it is
 * tried until it works, which the accepting end sees.
 */
static void reset(int fd)
{
	struct sched_param first = {.sched_priority = 1}, last = {.sched_priority = 0};
	struct sockaddr_vm to = address_of(cid);

	(void)fd;
	fd = socket(AF_VSOCK, SOCK_STREAM | SOCK_NONBLOCK, 0);
	sched_setscheduler(0, SCHED_FIFO, &first);
	if (!connect(fd, (struct sockaddr *)&to, sizeof(to)) || errno != EINPROGRESS)
		die("connect without waiting");
	close(fd);
	sched_setscheduler(0, SCHED_OTHER, &last);
}

static void nothing(int fd, int news)
{
	char byte;

	(void)news;
	while (recv(fd, &byte, 1, 0) > 0)
		;
}

static const struct scenario scenarios[] = {
	{"echo", SOCK_STREAM, 0, echo_client, echo_server, false},
	{"halves", SOCK_STREAM, 0, halves_client, halves_server, false},
	{"refused", SOCK_STREAM, 0, refused, NULL, true},
	{"reset", SOCK_STREAM, 0, reset, nothing, true},
	{"late", SOCK_STREAM, 0, stalled_writer, late_reader, false},
	{"never", SOCK_STREAM, 0, given_up_writer, no_reader, false},
	{"window", SOCK_STREAM, SMALL_BUFFER, busy_writer, busy_reader, false},
	{"embrace", SOCK_STREAM, 0, embrace_client, embrace_server, false},
	{"messages", SOCK_SEQPACKET, 0, message_client, message_server, false},
	{"flood", SOCK_STREAM, 0, flood, busy_reader, false},
};

enum { SCENARIOS = sizeof(scenarios) / sizeof(*scenarios), IN_ALL = SCENARIOS - 1 };

static int listen_for(const struct scenario *s)
{
	struct sockaddr_vm here = address_of(VMADDR_CID_ANY);
	int fd = socket(AF_VSOCK, s->type, 0);

	if (s->buffer &&
	    (setsockopt(fd, AF_VSOCK, SO_VM_SOCKETS_BUFFER_MIN_SIZE, &s->buffer, 8) ||
	     setsockopt(fd, AF_VSOCK, SO_VM_SOCKETS_BUFFER_MAX_SIZE, &s->buffer, 8) ||
	     setsockopt(fd, AF_VSOCK, SO_VM_SOCKETS_BUFFER_SIZE, &s->buffer, 8)))
		die("buffer size");
	if (bind(fd, (struct sockaddr *)&here, sizeof(here)) || listen(fd, 1))
		die("listen");
	return fd;
}

static _Noreturn void be_the_listener(const struct scenario *s, int listener, int news)
{
	int fd = accept(listener, NULL, NULL);

	if (fd < 0)
		die("accept");
	s->accepts(fd, news);
	close(fd);
	exit(0);
}

static int connect_to_it(const struct scenario *s)
{
	struct sockaddr_vm to = address_of(cid);
	int fd = socket(AF_VSOCK, s->type, 0);

	if (connect(fd, (struct sockaddr *)&to, sizeof(to)))
		die("connect");
	return fd;
}

static void play(const struct scenario *s)
{
	int news[2], fd = -1, status = 0;
	pid_t child = 0;

	sent = received = waited_ns = 0;
	if (pipe(news))
		die("pipe");
	news_out = news[1];
	if (s->accepts) {
		int listener = listen_for(s);

		child = fork();
		if (child < 0)
			die("fork");
		if (!child)
			be_the_listener(s, listener, news[0]);
		close(listener);
	}
	if (!s->by_itself)
		fd = connect_to_it(s);
	s->connects(fd);
	close(fd);
	if (child && (waitpid(child, &status, 0) != child || status))
		die("the listening end failed");
	close(news[0]);
	close(news[1]);
	printf("%s %u %" PRIu64 " %" PRIu64 " %" PRIu64 "\n", s->name, port, sent,
	       received, waited_ns);
	fflush(stdout);
}

static bool is_wanted(unsigned scenario, int argc, char **argv)
{
	for (int i = 0; i < argc; i++)
		if (!strcmp(argv[i], scenarios[scenario].name))
			return true;
	return !argc && scenario < IN_ALL;
}

int main(int argc, char **argv)
{
	unsigned first_port = FIRST_PORT;
	int option;

	signal(SIGPIPE, SIG_IGN);
	while ((option = getopt(argc, argv, "c:p:")) != -1) {
		if (option == 'c')
			cid = (unsigned)strtoul(optarg, NULL, 0);
		else if (option == 'p')
			first_port = (unsigned)strtoul(optarg, NULL, 0);
		else
			return 2;
	}
	for (unsigned i = 0; i < SCENARIOS; i++) {
		port = first_port + i;
		if (is_wanted(i, argc - optind, argv + optind))
			play(&scenarios[i]);
	}
	return 0;
}
