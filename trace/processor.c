// SPDX-License-Identifier: GPL-2.0-or-later
/* The processor's name from /proc/cpuinfo, in perf's spelling (its util/header.c). */
#include "trace/processor.h"

#include <stdio.h>
#include <string.h>

#define MIDR "/sys/devices/system/cpu/cpu0/regs/identification/midr_el1"

/* The value of @key at its first line, "" if there is none. */
static void read_cpuinfo(const char *key, char *value)
{
	FILE *from = fopen("/proc/cpuinfo", "re");
	char line[512];

	*value = '\0';
	while (from && !*value && fgets(line, sizeof(line), from)) {
		char *colon = strchr(line, ':');
		size_t length = colon ? (size_t)(colon - line) : 0;

		while (length && strchr(" \t", line[length - 1]))
			length--;
		if (length != strlen(key) || strncmp(line, key, length))
			continue;
		colon += 1 + strspn(colon + 1, " \t");
		colon[strcspn(colon, "\n")] = '\0';
		snprintf(value, PROCESSOR_TEXT, "%s", colon);
	}
	if (from)
		fclose(from);
}

void processor_description(char *text)
{
	read_cpuinfo("model name", text);
}

static void read_midr(char *text)
{
	FILE *from = fopen(MIDR, "re");

	if (!from || !fgets(text, PROCESSOR_TEXT, from))
		*text = '\0';
	text[strcspn(text, "\n")] = '\0';
	if (from)
		fclose(from);
}

void processor_id(char *text)
{
	static const char *const keys[] = {"vendor_id", "cpu family", "model",
					   "stepping"};
	char value[PROCESSOR_TEXT];
	size_t used = 0;

	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
		read_cpuinfo(keys[i], value);
		if (!*value) {
			read_midr(text);
			return;
		}
		used += (size_t)snprintf(text + used, PROCESSOR_TEXT - used, "%s%.30s",
					 i ? "," : "", value);
	}
}
