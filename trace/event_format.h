/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The format text of an event, as tracefs has it in events/SYSTEM/NAME/format, so
 * that perf and libtraceevent print names, enum words and strings.
 */
#ifndef FATHOM_TRACE_EVENT_FORMAT_H
#define FATHOM_TRACE_EVENT_FORMAT_H

#include <stddef.h>
#include <stdint.h>

#include "trace/argument.h"

struct failure;

/* Where a value lies in the record. Strings: the u32 __data_loc. */
struct format_field {
	const struct argument *argument;
	uint32_t offset;
};

/*
 * The record of fathom's bpf backend, offsets from the start of the raw data:
 *   0 u16 common_type, 2 u8 common_flags, 3 u8 common_preempt_count, 4 s32 common_pid,
 *   (common_type is the event's id: perf finds the format by it and crashes on 0)
 *   then the arguments in natural alignment, the u32 __probe_site (low 32 bits of the
 *   site's address in its file) in the first gap of four bytes or at the end, then
 *   the strings' bytes.
 * Lays out @count arguments: fills @fields (room for @count), the offset of
 * __probe_site, and the size without strings.
 */
void format_layout(const struct argument *arguments, size_t count,
		   struct format_field *fields, uint32_t *site_offset, uint32_t *size);

enum format_site {
	FORMAT_SITE_U32, /* __probe_site at site_offset: the bpf backend's */
	FORMAT_SITE_IP,	 /* u64 __probe_ip at 8: a kernel uprobe event's */
};

/*
 * Writes the format text of event @id called @name into *@text (to be freed):
 * common fields, site, the fields, and a print fmt with words by __print_symbolic
 * and strings by __get_str: "id=%llu fd=%d op=%s …". Returns 0 or -ENOMEM.
 */
int format_text(char **text, const char *name, uint32_t id, enum format_site site,
		uint32_t site_offset, const struct format_field *fields, size_t count);

#endif
