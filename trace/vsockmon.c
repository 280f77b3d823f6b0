// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The vsockmon interface, by rtnetlink (rtnetlink(7)): one message creates it and sets
 * it up, one removes it, and the kernel answers each with an errno. It loads the module
 * by itself (alias rtnl-link-vsockmon).
 *
 * It is removed by its index, not by its name: another interface could have the name by
 * then.
 */
#include "trace/vsockmon.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>

#include "core/failure.h"

#define KIND "vsockmon"

struct message {
	struct nlmsghdr head;
	struct ifinfomsg link;
	char attributes[128];
};

static struct message message_of(unsigned short type, unsigned short flags)
{
	return (struct message){
		.head = {.nlmsg_len = NLMSG_LENGTH(sizeof(struct ifinfomsg)),
			 .nlmsg_type = type,
			 .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | flags},
	};
}

/* Room is there: names are at most IFNAMSIZ bytes. */
static struct rtattr *add(struct message *m, unsigned short type, const void *data,
			  size_t size)
{
	struct rtattr *attribute =
		(struct rtattr *)((char *)m + NLMSG_ALIGN(m->head.nlmsg_len));

	attribute->rta_type = type;
	attribute->rta_len = (unsigned short)RTA_LENGTH(size);
	if (size)
		memcpy(RTA_DATA(attribute), data, size);
	m->head.nlmsg_len = (uint32_t)(NLMSG_ALIGN(m->head.nlmsg_len) +
				       RTA_ALIGN(attribute->rta_len));
	return attribute;
}

/* What the kernel answered: 0 or a negative errno. */
static int answer(int fd)
{
	union {
		struct nlmsghdr head;
		char bytes[4096];
	} a;
	const struct nlmsgerr *error = NLMSG_DATA(&a.head);
	ssize_t n;

	do {
		n = recv(fd, &a, sizeof(a), 0);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	if ((size_t)n < NLMSG_LENGTH(sizeof(*error)) || a.head.nlmsg_type != NLMSG_ERROR)
		return -EPROTO;
	return error->error;
}

static int tell_kernel(const struct message *m)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE), err = 0;

	if (fd < 0)
		return -errno;
	if (send(fd, m, m->head.nlmsg_len, 0) < 0)
		err = -errno;
	if (!err)
		err = answer(fd);
	close(fd);
	return err;
}

static int creation_failed(const char *name, int err, struct failure *f)
{
	switch (err) {
	case -EEXIST:
		return fail(f, err, "%s: there is an interface of this name", name);
	case -EPERM:
		return fail(f, err, "%s: creating it needs root (CAP_NET_ADMIN)", name);
	case -EOPNOTSUPP:
		return fail(f, err,
			    "%s: this kernel lacks vsockmon (CONFIG_VSOCKMON, module "
			    "vsockmon)",
			    name);
	default:
		return fail(f, err, "%s: cannot create the interface: %s", name,
			    strerror(-err));
	}
}

int vsockmon_create(const char *name, struct failure *f)
{
	struct message m = message_of(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
	struct rtattr *info;
	unsigned index;
	int err;

	if (!*name || strlen(name) >= IFNAMSIZ)
		return fail(f, -EINVAL, "%s: an interface's name has 1 to %d characters",
			    name, IFNAMSIZ - 1);
	m.link.ifi_flags = m.link.ifi_change = IFF_UP;
	add(&m, IFLA_IFNAME, name, strlen(name) + 1);
	info = add(&m, IFLA_LINKINFO, NULL, 0);
	add(&m, IFLA_INFO_KIND, KIND, strlen(KIND));
	info->rta_len = (unsigned short)((char *)&m + m.head.nlmsg_len - (char *)info);
	err = tell_kernel(&m);
	if (err)
		return creation_failed(name, err, f);
	index = if_nametoindex(name);
	if (!index)
		return fail(f, -errno, "%s: created, but gone again: %s", name,
			    strerror(errno));
	return (int)index;
}

int vsockmon_remove(int index, struct failure *f)
{
	struct message m = message_of(RTM_DELLINK, 0);
	int err;

	m.link.ifi_index = index;
	err = tell_kernel(&m);
	if (err && err != -ENODEV)
		return fail(f, err, "interface %d cannot be removed: %s", index,
			    strerror(-err));
	return 0;
}
