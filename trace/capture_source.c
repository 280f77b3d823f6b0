// SPDX-License-Identifier: GPL-2.0-or-later
/* What the sources of captured packets have in common. */
#include "trace/capture_source.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include <pcap/pcap.h>

#include "core/failure.h"

enum capture_next capture_damaged(struct capture *c, const char *format, ...)
{
	char sentence[sizeof(c->info.damage)];
	struct failure f;
	va_list args;

	va_start(args, format);
	vsnprintf(sentence, sizeof(sentence), format, args);
	va_end(args);
	fail(&f, 0, "%s", sentence); /* makes it one harmless line */
	snprintf(c->info.damage, sizeof(c->info.damage), "%.*s",
		 (int)sizeof(c->info.damage) - 1, f.text);
	c->info.incomplete = true;
	return CAPTURE_END;
}

int capture_check_linktype(uint32_t linktype, const char *path, struct failure *f)
{
	const char *name = pcap_datalink_val_to_description((int)linktype);

	if (linktype == CAPTURE_LINKTYPE_VSOCK)
		return 0;
	return fail(f, -EPROTOTYPE,
		    "%s: its packets are of link type %u (%s), not %d (AF_VSOCK)", path,
		    linktype, name ? name : "unknown", CAPTURE_LINKTYPE_VSOCK);
}
