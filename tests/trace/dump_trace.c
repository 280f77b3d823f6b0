// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Prints the items of a trace, one a line, for tests that compare with other readers.
 *
 *	dump_trace [-q] FILE     -q: only counts
 *
 * "event NAME TIME PID TID CPU COMM field=value…", "loss COUNT FROM TO CPU TYPE",
 * "end EVENTS LOST DAMAGE".
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/failure.h"
#include "trace/reader.h"

static void print_field(const struct event *event, const struct event_field *field)
{
	const char *word;
	size_t length;

	printf(" %s=", field->type.name);
	switch (field->type.kind) {
	case ARGUMENT_STRING: {
		const char *text = event_string(event, field, &length);

		printf("\"%.*s\"", (int)length, text ? text : "");
		break;
	}
	case ARGUMENT_HEX:
	case ARGUMENT_FLOAT:
		printf("0x%" PRIx64, (uint64_t)event_integer(event, field));
		break;
	case ARGUMENT_INTEGER:
		word = argument_word(&field->type, event_integer(event, field));
		if (word)
			printf("%s", word);
		else
			printf("%" PRId64, event_integer(event, field));
	}
}

static void print_event(const struct trace *trace, const struct event *event)
{
	printf("event %s %" PRIu64 " %d %d %d %s", event->type->name, event->time_ns,
	       event->pid, event->tid, (int)event->cpu,
	       trace_comm(trace, event->pid, event->tid));
	for (size_t i = 0; i < event->type->nr_fields; i++)
		if (!event->type->fields[i].common)
			print_field(event, &event->type->fields[i]);
	putchar('\n');
}

static void print_loss(const struct loss *loss)
{
	printf("loss %" PRIu64 " %" PRIu64 " %" PRIu64 " %d %s\n", loss->count,
	       loss->from_ns, loss->to_ns, (int)loss->cpu,
	       loss->type ? loss->type->name : "-");
}

int main(int argc, char **argv)
{
	bool quiet = argc == 3 && !strcmp(argv[1], "-q");
	struct trace_item item;
	struct trace *trace;
	struct failure f;
	uint64_t events = 0, last = 0;
	int more;

	if (argc != 2 + quiet)
		return 2;
	if (trace_open(&trace, argv[argc - 1], &f)) {
		fprintf(stderr, "dump_trace: %s\n", f.text);
		return 1;
	}
	while ((more = trace_next(trace, &item, &f)) > 0) {
		if (item.kind == TRACE_LOSS) {
			print_loss(&item.loss);
			continue;
		}
		events++;
		if (item.event.type->fixed_size && item.event.time_ns < last)
			fprintf(stderr, "dump_trace: time went back\n");
		last = item.event.time_ns;
		if (!quiet)
			print_event(trace, &item.event);
	}
	if (more < 0)
		fprintf(stderr, "dump_trace: %s\n", f.text);
	printf("end %" PRIu64 " %" PRIu64 " %s\n", events, trace_info(trace)->lost,
	       trace_info(trace)->damage);
	trace_close(trace);
	return more < 0;
}
