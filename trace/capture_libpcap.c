// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Packets through libpcap: pcapng, streams, and live interfaces.
 *
 * Live, libpcap is asked without waiting and we wait ourselves, because its own wait
 * goes on after a signal. The kernel hands packets over in blocks, at the latest after
 * WAIT_MS. So whoever stops a capture must read on until the last block came, or the
 * last packets are missing (tcpdump loses up to a second that way, and says 0 dropped).
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <linux/filter.h>
#include <pcap/pcap.h>

#include "core/failure.h"
#include "trace/capture_source.h"

enum { WAIT_MS = 100 };

struct libpcap {
	struct capture capture;
	pcap_t *pcap;
	int fd;		  /* to wait for, live */
	uint64_t stop_ns; /* the end of a live capture; 0: not yet */
	char path[256];
};

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t); /* as the packets have it */
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static enum capture_next one_packet(struct libpcap *l, struct capture_packet *packet)
{
	struct pcap_pkthdr *head;
	const u_char *bytes;
	int got = pcap_next_ex(l->pcap, &head, &bytes);

	if (got == PCAP_ERROR)
		return capture_damaged(&l->capture, "%s", pcap_geterr(l->pcap));
	if (got < 0) /* the end of a file */
		return CAPTURE_END;
	if (got == 0)
		return CAPTURE_IDLE;
	/* With nanoseconds asked for, tv_usec has them. */
	*packet = (struct capture_packet){
		.time_ns = (uint64_t)head->ts.tv_sec * 1000000000 +
			   (uint64_t)head->ts.tv_usec,
		.size = head->caplen,
		.length = head->len,
		.bytes = bytes,
	};
	return CAPTURE_PACKET;
}

static enum capture_next savefile_next(struct capture *c, struct capture_packet *packet)
{
	return one_packet((struct libpcap *)c, packet);
}

static void count_drops(struct libpcap *l)
{
	struct pcap_stat stat;

	if (!pcap_stats(l->pcap, &stat))
		l->capture.info.dropped = stat.ps_drop;
}

/* All that was captured before the stop came through. */
static bool is_drained(const struct libpcap *l)
{
	return l->stop_ns && now_ns() > l->stop_ns + 2 * WAIT_MS * 1000000ULL;
}

static enum capture_next live_next(struct capture *c, struct capture_packet *packet)
{
	struct libpcap *l = (struct libpcap *)c;
	struct pollfd wait = {.fd = l->fd, .events = POLLIN};
	enum capture_next got = one_packet(l, packet);

	if (got == CAPTURE_IDLE) {
		if (poll(&wait, 1, WAIT_MS) > 0)
			got = one_packet(l, packet);
	}
	if (got == CAPTURE_PACKET && (!l->stop_ns || packet->time_ns <= l->stop_ns))
		return got;
	if (got == CAPTURE_IDLE && !is_drained(l))
		return got;
	count_drops(l);
	return CAPTURE_END;
}

static void live_stop(struct capture *c)
{
	struct libpcap *l = (struct libpcap *)c;

	if (!l->stop_ns)
		l->stop_ns = now_ns();
}

static void libpcap_close(struct capture *c)
{
	struct libpcap *l = (struct libpcap *)c;

	if (l->pcap)
		pcap_close(l->pcap);
	free(l);
}

static const struct capture_source savefile_source = {
	.next = savefile_next,
	.close = libpcap_close,
};

static const struct capture_source live_source = {
	.next = live_next,
	.stop = live_stop,
	.close = libpcap_close,
};

static struct libpcap *make(const struct capture_source *source, const char *path)
{
	struct libpcap *l = calloc(1, sizeof(*l));

	if (!l)
		return NULL;
	l->capture.source = source;
	snprintf(l->path, sizeof(l->path), "%s", path);
	l->capture.info.path = l->path;
	return l;
}

int capture_open_libpcap(struct capture **capture, const char *path, struct failure *f)
{
	struct libpcap *l =
		make(&savefile_source, strcmp(path, "-") ? path : "standard input");
	char why[PCAP_ERRBUF_SIZE] = "";
	int err;

	if (!l)
		return fail(f, -ENOMEM, "no memory to read a capture");
	l->pcap = pcap_open_offline_with_tstamp_precision(
		path, PCAP_TSTAMP_PRECISION_NANO, why);
	if (!l->pcap)
		err = fail(f, -EINVAL, "%s: expected a pcap or pcapng capture: %s",
			   l->path, why);
	else
		err = capture_check_linktype((uint32_t)pcap_datalink(l->pcap), l->path,
					     f);
	if (err) {
		libpcap_close(&l->capture);
		return err;
	}
	l->capture.info.snaplen = (uint32_t)pcap_snapshot(l->pcap);
	*capture = &l->capture;
	return 0;
}

static int activation_failed(const struct libpcap *l, int status, struct failure *f)
{
	switch (status) {
	case PCAP_ERROR_PERM_DENIED:
		return fail(f, -EPERM, "%s: capturing needs root (CAP_NET_RAW)", l->path);
	case PCAP_ERROR_NO_SUCH_DEVICE:
		return fail(f, -ENODEV, "%s: no such interface", l->path);
	case PCAP_ERROR_IFACE_NOT_UP:
		return fail(f, -ENETDOWN, "%s: the interface is down: ip link set %s up",
			    l->path, l->path);
	default:
		return fail(f, -EIO, "%s: cannot capture: %s: %s", l->path,
			    pcap_statustostr(status), pcap_geterr(l->pcap));
	}
}

static int activate(struct libpcap *l, const struct capture_live_options *options,
		    struct failure *f)
{
	char why[PCAP_ERRBUF_SIZE] = "";
	int status;

	l->pcap = pcap_create(options->interface, why);
	if (!l->pcap)
		return fail(f, -EIO, "%s: cannot capture: %s", l->path, why);
	pcap_set_snaplen(l->pcap, (int)options->snaplen);
	pcap_set_timeout(l->pcap, WAIT_MS);
	pcap_set_buffer_size(l->pcap, (int)options->buffer);
	pcap_set_tstamp_precision(l->pcap, PCAP_TSTAMP_PRECISION_NANO);
	status = pcap_activate(l->pcap);
	if (status < 0) /* above 0 are warnings, of modes that we did not ask for */
		return activation_failed(l, status, f);
	return capture_check_linktype((uint32_t)pcap_datalink(l->pcap), l->path, f);
}

/* A classic BPF program is the same to libpcap and to the kernel. */
static int set_filter(struct libpcap *l, const struct capture_live_options *options,
		      struct failure *f)
{
	struct bpf_insn code[BPF_MAXINSNS];
	struct bpf_program program = {options->filter_length, code};

	_Static_assert(sizeof(*code) == sizeof(*options->filter), "the same layout");
	if (!options->filter)
		return 0;
	if (options->filter_length > BPF_MAXINSNS)
		return fail(f, -E2BIG, "a filter of more than %d instructions",
			    BPF_MAXINSNS);
	memcpy(code, options->filter, options->filter_length * sizeof(*code));
	if (pcap_setfilter(l->pcap, &program))
		return fail(f, -EINVAL, "%s: cannot set the filter: %s", l->path,
			    pcap_geterr(l->pcap));
	return 0;
}

static int prepare_waiting(struct libpcap *l, struct failure *f)
{
	char why[PCAP_ERRBUF_SIZE] = "";

	if (pcap_setnonblock(l->pcap, 1, why))
		return fail(f, -EIO, "%s: cannot capture: %s", l->path, why);
	l->fd = pcap_get_selectable_fd(l->pcap);
	return 0;
}

int capture_open_live(struct capture **capture,
		      const struct capture_live_options *options, struct failure *f)
{
	struct libpcap *l = make(&live_source, options->interface);
	int err;

	if (!l)
		return fail(f, -ENOMEM, "no memory to capture");
	err = activate(l, options, f);
	if (!err)
		err = set_filter(l, options, f);
	if (!err)
		err = prepare_waiting(l, f);
	if (err) {
		libpcap_close(&l->capture);
		return err;
	}
	l->capture.info.is_live = true;
	l->capture.info.snaplen = options->snaplen;
	*capture = &l->capture;
	return 0;
}
