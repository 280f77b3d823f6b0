// SPDX-License-Identifier: GPL-2.0-or-later
/* What lies between a master and an agent: a stream socket of three kinds. */
#include "probes/channel.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/vm_sockets.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/failure.h"
#include "core/units.h"

enum { BACKLOG = 8, PROBE_MS = 1000 };

/* The address as the family that it is of. */
static struct sockaddr *any_of(struct channel_address *a)
{
	return (struct sockaddr *)&a->socket;
}

static const struct sockaddr_vm *vsock_of(const struct channel_address *a)
{
	return (const struct sockaddr_vm *)&a->socket;
}

static const struct sockaddr_un *unix_of(const struct channel_address *a)
{
	return (const struct sockaddr_un *)&a->socket;
}

static bool is_tcp(const struct channel_address *a)
{
	return a->socket.ss_family == AF_INET || a->socket.ss_family == AF_INET6;
}

/* Addresses as text */

static int parse_number(const char *text, const char *what, uint32_t max, uint32_t *value,
			struct failure *f)
{
	uint64_t number;

	if (number_parse(text, &number, NULL) || number > max)
		return fail(f, -EINVAL, "'%.40s' is no %s (0 to %u)", text, what, max);
	*value = (uint32_t)number;
	return 0;
}

int channel_parse_cid(const char *text, uint32_t *cid, struct failure *f)
{
	static const struct {
		const char *name;
		uint32_t cid;
	} names[] = {{"any", VMADDR_CID_ANY}, {"local", 1}, {"host", VMADDR_CID_HOST}};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (strcmp(text, names[i].name) == 0) {
			*cid = names[i].cid;
			return 0;
		}
	return parse_number(text, "CID", UINT32_MAX - 1, cid, f);
}

/* @rest is "CID:PORT". */
static int parse_vsock(const char *rest, struct channel_address *a, struct failure *f)
{
	struct sockaddr_vm *vm = (struct sockaddr_vm *)&a->socket;
	const char *colon = strchr(rest, ':');
	char cid[32];
	int err;

	if (!colon || (size_t)(colon - rest) >= sizeof(cid))
		return fail(f, -EINVAL, "'vsock:%.40s' is not vsock:CID:PORT", rest);
	memcpy(cid, rest, (size_t)(colon - rest));
	cid[colon - rest] = 0;
	vm->svm_family = AF_VSOCK;
	a->size = sizeof(*vm);
	err = channel_parse_cid(cid, &vm->svm_cid, f);
	return err ? err
		   : parse_number(colon + 1, "vsock port", UINT32_MAX - 1, &vm->svm_port,
				  f);
}

static int parse_unix(const char *path, struct channel_address *a, struct failure *f)
{
	struct sockaddr_un *un = (struct sockaddr_un *)&a->socket;

	if (!*path || strlen(path) >= sizeof(un->sun_path))
		return fail(f, -EINVAL, "the path of a unix socket has 1 to %zu bytes",
			    sizeof(un->sun_path) - 1);
	un->sun_family = AF_UNIX;
	strcpy(un->sun_path, path);
	a->size = sizeof(*un);
	return 0;
}

static int look_up(const char *host, uint32_t port, struct channel_address *a,
		   struct failure *f)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
	struct addrinfo *found;
	char service[16];
	int bad;

	snprintf(service, sizeof(service), "%u", port);
	bad = getaddrinfo(*host ? host : "127.0.0.1", service, &hints, &found);
	if (bad)
		return fail(f, -ENXIO, "%.80s: %s", host, gai_strerror(bad));
	memcpy(&a->socket, found->ai_addr, found->ai_addrlen);
	a->size = found->ai_addrlen;
	freeaddrinfo(found);
	return 0;
}

/* @rest is "HOST:PORT", "[ADDRESS]:PORT" or ":PORT". */
static int parse_tcp(const char *rest, struct channel_address *a, struct failure *f)
{
	const char *colon = strrchr(rest, ':');
	size_t length = colon ? (size_t)(colon - rest) : 0;
	char host[256];
	uint32_t port = 0;
	int err;

	if (length > 1 && *rest == '[' && rest[length - 1] == ']') {
		rest++;
		length -= 2;
	} else if (colon && memchr(rest, ':', length)) {
		colon = NULL;
	}
	if (!colon || length >= sizeof(host))
		return fail(f, -EINVAL, "'tcp:%.60s' is not tcp:HOST:PORT", rest);
	memcpy(host, rest, length);
	host[length] = 0;
	err = parse_number(colon + 1, "TCP port", UINT16_MAX, &port, f);
	return err ? err : look_up(host, port, a, f);
}

int channel_parse(const char *text, struct channel_address *a, struct failure *f)
{
	*a = (struct channel_address){0};
	if (strncmp(text, "vsock:", 6) == 0)
		return parse_vsock(text + 6, a, f);
	if (strncmp(text, "unix:", 5) == 0)
		return parse_unix(text + 5, a, f);
	if (strncmp(text, "tcp:", 4) == 0)
		return parse_tcp(text + 4, a, f);
	return fail(f, -EINVAL,
		    "'%.60s' is not an address: expected vsock:CID:PORT, unix:PATH or "
		    "tcp:HOST:PORT",
		    text);
}

static void tcp_text(char text[CHANNEL_TEXT], const struct channel_address *a)
{
	char host[64] = "?", port[16] = "?";
	bool six = a->socket.ss_family == AF_INET6;

	getnameinfo((const struct sockaddr *)&a->socket, a->size, host, sizeof(host),
		    port, sizeof(port), NI_NUMERICHOST | NI_NUMERICSERV);
	snprintf(text, CHANNEL_TEXT, "tcp:%s%s%s:%s", six ? "[" : "", host,
		 six ? "]" : "", port);
}

void channel_text(char text[CHANNEL_TEXT], const struct channel_address *a)
{
	const struct sockaddr_vm *vm = vsock_of(a);

	if (is_tcp(a))
		tcp_text(text, a);
	else if (a->socket.ss_family == AF_UNIX)
		snprintf(text, CHANNEL_TEXT, "unix:%s", unix_of(a)->sun_path);
	else if (vm->svm_cid == VMADDR_CID_ANY)
		snprintf(text, CHANNEL_TEXT, "vsock:any:%u", vm->svm_port);
	else
		snprintf(text, CHANNEL_TEXT, "vsock:%u:%u", vm->svm_cid, vm->svm_port);
}

bool channel_is_public(const struct channel_address *a)
{
	const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)&a->socket;
	const struct sockaddr_in *four = (const struct sockaddr_in *)&a->socket;

	if (a->socket.ss_family == AF_INET6)
		return !IN6_IS_ADDR_LOOPBACK(&six->sin6_addr);
	return is_tcp(a) && ntohl(four->sin_addr.s_addr) >> 24 != 127;
}

/* Sockets */

static int new_socket(const struct channel_address *a, struct failure *f)
{
	int fd = socket(a->socket.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
			0);

	if (fd >= 0)
		return fd;
	if (errno == EAFNOSUPPORT && a->socket.ss_family == AF_VSOCK)
		return fail(f, -errno, "this kernel has no vsock (modprobe vsock)");
	return fail(f, -errno, "cannot make a socket: %s", strerror(errno));
}

static void set_options(int fd, const struct channel_address *a)
{
	int on = 1;

	/* A message that waits to be joined by the next would spoil the clock exchange.
	 */
	if (is_tcp(a))
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

/* A guest may be slow, and the kernel would give up after two seconds. */
static void set_patience(int fd, const struct channel_address *a, int timeout_ms)
{
	struct timeval patience = {.tv_sec = timeout_ms / 1000,
				   .tv_usec = timeout_ms % 1000 * 1000};

	if (a->socket.ss_family == AF_VSOCK)
		setsockopt(fd, AF_VSOCK, SO_VM_SOCKETS_CONNECT_TIMEOUT, &patience,
			   sizeof(patience));
}

/* What became of a connect that does not block: 0 or a negative errno. */
static int await_connect(int fd, int timeout_ms)
{
	struct pollfd out = {.fd = fd, .events = POLLOUT};
	socklen_t size = sizeof(int);
	int ready = poll(&out, 1, timeout_ms), err = 0;

	if (ready <= 0)
		return ready ? -errno : -ETIMEDOUT;
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &size))
		return -errno;
	return -err;
}

static int connect_socket(int fd, struct channel_address *a, int timeout_ms)
{
	set_options(fd, a);
	set_patience(fd, a, timeout_ms);
	if (!connect(fd, any_of(a), a->size))
		return 0;
	return errno == EINPROGRESS ? await_connect(fd, timeout_ms) : -errno;
}

int channel_connect(const struct channel_address *address, int timeout_ms,
		    struct failure *f)
{
	struct channel_address a = *address;
	char text[CHANNEL_TEXT];
	int fd, err;

	if (a.socket.ss_family == AF_VSOCK && vsock_of(&a)->svm_cid == VMADDR_CID_ANY)
		return fail(f, -EADDRNOTAVAIL,
			    "vsock:any is where an agent listens; name its CID");
	fd = new_socket(&a, f);
	if (fd < 0)
		return fd;
	err = connect_socket(fd, &a, timeout_ms);
	if (!err)
		return fd;
	close(fd);
	channel_text(text, &a);
	return fail(f, err, "cannot connect to %s: %s", text, strerror(-err));
}

/* A name that a killed agent left is taken over, one that is in use is not. */
static int remove_stale_name(struct channel_address *a)
{
	const char *path = unix_of(a)->sun_path;
	struct stat st;
	int fd, err;

	if (lstat(path, &st) || !S_ISSOCK(st.st_mode))
		return 0;
	fd = new_socket(a, NULL);
	if (fd < 0)
		return fd;
	err = connect_socket(fd, a, PROBE_MS);
	close(fd);
	return err == -ECONNREFUSED ? (unlink(path) ? -errno : 0) : -EADDRINUSE;
}

/* Only the owner may write to the socket's name, and so connect. */
static int bind_unix(int fd, struct channel_address *a)
{
	int err = remove_stale_name(a);
	mode_t before;

	if (err)
		return err;
	before = umask(0177);
	err = bind(fd, any_of(a), a->size) ? -errno : 0;
	umask(before);
	return err;
}

static int bind_socket(int fd, struct channel_address *a)
{
	int on = 1;

	if (a->socket.ss_family == AF_UNIX)
		return bind_unix(fd, a);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	return bind(fd, any_of(a), a->size) ? -errno : 0;
}

int channel_listen(struct channel_address *a, struct failure *f)
{
	char text[CHANNEL_TEXT];
	int fd = new_socket(a, f), err;

	if (fd < 0)
		return fd;
	err = bind_socket(fd, a);
	if (!err && (listen(fd, BACKLOG) || getsockname(fd, any_of(a), &a->size)))
		err = -errno;
	if (!err)
		return fd;
	close(fd);
	channel_text(text, a);
	return fail(f, err, "cannot listen on %s: %s", text, strerror(-err));
}

void channel_unlisten(int listener, const struct channel_address *a)
{
	if (listener < 0)
		return;
	if (a->socket.ss_family == AF_UNIX)
		unlink(unix_of(a)->sun_path);
	close(listener);
}

/* Peers */

static void describe_peer(struct channel_peer *peer, const struct channel_address *a)
{
	const struct sockaddr_in *in = (const struct sockaddr_in *)&a->socket;

	*peer = (struct channel_peer){.cid = CHANNEL_NO_CID};
	if (a->socket.ss_family == AF_VSOCK) {
		peer->cid = vsock_of(a)->svm_cid;
		peer->port = vsock_of(a)->svm_port;
	} else if (is_tcp(a)) {
		peer->port = ntohs(in->sin_port); /* where sin6_port is, too */
	}
	if (a->socket.ss_family == AF_UNIX) /* of which a client has no name */
		strcpy(peer->text, "unix");
	else
		channel_text(peer->text, a);
}

int channel_peer_of(int fd, struct channel_peer *peer, struct failure *f)
{
	struct channel_address a = {.size = sizeof(a.socket)};

	if (getpeername(fd, any_of(&a), &a.size) ||
	    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK))
		return fail(f, -errno, "not a connected socket: %s", strerror(errno));
	set_options(fd, &a);
	describe_peer(peer, &a);
	return 0;
}

int channel_accept(int listener, struct channel_peer *peer, struct failure *f)
{
	struct channel_address a = {.size = sizeof(a.socket)};
	int fd = accept4(listener, any_of(&a), &a.size, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd < 0 && (errno == EAGAIN || errno == EINTR || errno == ECONNABORTED))
		return -EAGAIN;
	if (fd < 0)
		return fail(f, -errno, "cannot accept a connection: %s", strerror(errno));
	set_options(fd, &a);
	describe_peer(peer, &a);
	return fd;
}
