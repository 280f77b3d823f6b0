// SPDX-License-Identifier: GPL-2.0-or-later
/* Which packets count: by cid and port. */
#include "analyzers/vsock/filter.h"

#include <byteswap.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "analyzers/vsock/packet.h"
#include "core/failure.h"
#include "core/options.h"
#include "core/units.h"

/* The number at @text, up to a comma or the end; returns what stands there, or NULL. */
static const char *parse_value(const char *text, uint64_t most, uint64_t *value)
{
	size_t length = strcspn(text, ",");
	char word[32];

	snprintf(word, sizeof(word), "%.*s", (int)length, text);
	if (length >= sizeof(word) || number_parse(word, value, NULL) || *value > most)
		return NULL;
	return text + length;
}

static int parse_list(const char *text, const char *what, uint64_t most, uint64_t *values,
		      unsigned *nr, struct failure *f)
{
	const char *at = text;

	for (;; at++) {
		if (*nr == FILTER_VALUES_MAX)
			return fail(f, -E2BIG, "--%s: at most %d values", what,
				    FILTER_VALUES_MAX);
		at = parse_value(at, most, &values[(*nr)++]);
		if (!at)
			return fail(f, -EINVAL,
				    "--%s: '%.60s' is not a list of numbers up to "
				    "%" PRIu64,
				    what, text, most);
		if (!*at)
			return 0;
	}
}

static int parse(const struct string_list *list, const char *what, uint64_t most,
		 uint64_t *values, unsigned *nr, struct failure *f)
{
	int err = 0;

	for (size_t i = 0; !err && i < list->count; i++)
		err = parse_list(list->items[i], what, most, values, nr, f);
	return err;
}

int vsock_filter_parse(struct vsock_filter *filter, const struct string_list *cids,
		       const struct string_list *ports, struct failure *f)
{
	uint64_t values[FILTER_VALUES_MAX];
	int err;

	*filter = (struct vsock_filter){.nr_cids = 0};
	err = parse(cids, "cid", UINT64_MAX, filter->cids, &filter->nr_cids, f);
	if (!err)
		err = parse(ports, "port", UINT32_MAX, values, &filter->nr_ports, f);
	for (unsigned i = 0; !err && i < filter->nr_ports; i++)
		filter->ports[i] = (uint32_t)values[i];
	return err;
}

bool vsock_filter_passes(const struct vsock_filter *filter, const struct vsock_packet *p)
{
	bool cid = !filter->nr_cids, port = !filter->nr_ports;

	for (unsigned i = 0; i < filter->nr_cids; i++)
		cid |= p->src.cid == filter->cids[i] || p->dst.cid == filter->cids[i];
	for (unsigned i = 0; i < filter->nr_ports; i++)
		port |= p->src.port == filter->ports[i] ||
			p->dst.port == filter->ports[i];
	return cid && port;
}

/* Offsets of the fields in struct af_vsockmon_hdr. */
enum { SRC_CID = 0, DST_CID = 8, SRC_PORT = 16, DST_PORT = 20 };

static struct sock_filter load(uint32_t offset)
{
	return (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offset);
}

/* BPF loads big endian, the header is little endian. */
static struct sock_filter skip_unless(uint32_t value, unsigned skip_if,
				      unsigned skip_else)
{
	return (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, bswap_32(value),
					    (uint8_t)skip_if, (uint8_t)skip_else);
}

static struct sock_filter give(uint32_t bytes)
{
	return (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, bytes);
}

/* Goes on behind itself when an end has one of the cids, else drops the packet. */
static unsigned test_cids(const struct vsock_filter *filter, struct sock_filter *to)
{
	unsigned length = 8 * filter->nr_cids + 1, at = 0;

	for (unsigned i = 0; i < filter->nr_cids; i++)
		for (uint32_t offset = SRC_CID; offset <= DST_CID;
		     offset += DST_CID - SRC_CID) {
			to[at++] = load(offset + 4);
			to[at++] = skip_unless((uint32_t)(filter->cids[i] >> 32), 0, 2);
			to[at++] = load(offset);
			to[at] = skip_unless((uint32_t)filter->cids[i], length - at - 1,
					     0);
			at++;
		}
	to[at++] = give(0);
	return at;
}

static unsigned test_ports(const struct vsock_filter *filter, struct sock_filter *to)
{
	unsigned length = 2 * (filter->nr_ports + 1) + 1, at = 0;

	for (uint32_t offset = SRC_PORT; offset <= DST_PORT;
	     offset += DST_PORT - SRC_PORT) {
		to[at++] = load(offset);
		for (unsigned i = 0; i < filter->nr_ports; i++) {
			to[at] = skip_unless(filter->ports[i], length - at - 1, 0);
			at++;
		}
	}
	to[at++] = give(0);
	return at;
}

unsigned short vsock_filter_program(const struct vsock_filter *filter,
				    struct sock_filter *program)
{
	unsigned length = 0;

	if (filter->nr_cids)
		length += test_cids(filter, program);
	if (filter->nr_ports)
		length += test_ports(filter, program + length);
	program[length++] = give(CAPTURE_PACKET_MAX);
	return (unsigned short)length;
}
