// SPDX-License-Identifier: GPL-2.0-or-later
/* Writes what the flight recorder holds into a trace of its own. */
#include "collector/snapshot.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>

#include "core/bytes.h"
#include "core/clock.h"
#include "core/units.h"

struct snapshot {
	struct flight *flight;
	struct flight_window window;
	const struct sink_setup *setup;
	struct blob untold;
	uint64_t from_ns, to_ns;
	struct snapshot_report report;
	pthread_t thread;
	bool has_thread;
	int over; /* atomic */
};

static volatile sig_atomic_t asked;

static void ask(int signal)
{
	(void)signal;
	asked = 1;
}

void snapshot_on_signal(void)
{
	struct sigaction action = {.sa_handler = ask};

	sigemptyset(&action.sa_mask);
	sigaction(SIGUSR2, &action, NULL);
}

bool snapshot_asked(void)
{
	if (!asked)
		return false;
	asked = 0;
	return true;
}

/* perf.data.2026112614301234, as perf record --switch-output calls its files. */
static void name_by_time(char *path, size_t room, const char *trace)
{
	struct timespec now;
	struct tm local;
	char stamp[32];

	clock_gettime(CLOCK_REALTIME, &now);
	localtime_r(&now.tv_sec, &local);
	strftime(stamp, sizeof(stamp), "%Y%m%d%H%M%S", &local);
	snprintf(path, room, "%s.%s%02ld", trace, stamp, now.tv_nsec / 10000000);
}

static void describe(const struct snapshot *s, char *text, size_t room)
{
	char reach[UNIT_TEXT];

	snprintf(text, room, "%s; it has the last %s%s", s->report.why,
		 time_text(reach, (double)s->report.reach_ns),
		 s->report.from_start ? ", all since the start" : "");
}

static int open_writer(const struct snapshot *s, struct trace_writer **writer,
		       struct failure *f)
{
	char text[ALARM_TEXT + 64];
	struct writer_options head;
	int err = sink_head(&head, s->setup, f);

	describe(s, text, sizeof(text));
	head.path = s->report.path;
	head.snapshot = text;
	head.from_ns = s->from_ns;
	head.to_ns = s->to_ns;
	if (!err)
		err = writer_open(writer, &head, f);
	sink_head_release(&head);
	return err;
}

/* The losses that LOST records tell of. */
static uint64_t sum_lost(const struct blob *records)
{
	struct bytes b;
	uint64_t sum = 0;

	if (!records->size)
		return 0;
	b = bytes_of(records->data, records->size);
	while (bytes_left(&b)) {
		struct perf_event_header header;
		uint64_t id_and_lost[2];

		bytes_copy(&b, &header, sizeof(header));
		bytes_copy(&b, id_and_lost, sizeof(id_and_lost));
		bytes_skip(&b, header.size - sizeof(header) - sizeof(id_and_lost));
		sum += id_and_lost[1];
	}
	return sum;
}

static int write_all(struct snapshot *s, struct trace_writer *writer)
{
	struct snapshot_report *report = &s->report;
	int err = flight_write(s->flight, &s->window, writer, &report->written,
			       &report->failure),
	    closed;

	if (!err)
		err = writer_data(writer, s->untold.data, s->untold.size,
				  &report->failure);
	report->written.lost += sum_lost(&s->untold);
	closed = writer_close(writer, err ? NULL : &report->failure);
	return err ? err : closed;
}

static void write_snapshot(struct snapshot *s)
{
	struct snapshot_report *report = &s->report;
	struct trace_writer *writer;
	struct stat status;

	report->err = open_writer(s, &writer, &report->failure);
	if (report->err)
		flight_let_go(s->flight);
	else
		report->err = write_all(s, writer);
	if (stat(report->path, &status) == 0 && S_ISREG(status.st_mode))
		report->bytes = (uint64_t)status.st_size;
	__atomic_store_n(&s->over, 1, __ATOMIC_RELEASE);
}

/* The recorder comes before the traced programs (recording.c), its snapshots do not. */
static void *write_in_thread(void *snapshot)
{
	setpriority(PRIO_PROCESS, 0, 0); /* the thread's */
	write_snapshot(snapshot);
	return NULL;
}

/* Signals are to interrupt the main thread. Without a thread it is written here. */
static void start(struct snapshot *s)
{
	sigset_t all, old;

	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &old);
	s->has_thread = !pthread_create(&s->thread, NULL, write_in_thread, s);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (!s->has_thread)
		write_snapshot(s);
}

struct snapshot *snapshot_begin(struct flight *flight, const struct sink_setup *setup,
				const char *name, const char *why, uint64_t started_ns,
				const struct blob *untold)
{
	struct snapshot *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->flight = flight;
	s->setup = setup;
	snprintf(s->report.why, sizeof(s->report.why), "%s", why);
	if (name)
		snprintf(s->report.path, sizeof(s->report.path), "%s", name);
	else
		name_by_time(s->report.path, sizeof(s->report.path), setup->path);
	blob_put(&s->untold, untold->data, untold->size);
	flight_hold(flight, &s->window);
	s->to_ns = clock_ns();
	s->report.from_start = !s->window.from_ns;
	s->from_ns = s->report.from_start ? started_ns : s->window.from_ns;
	s->report.reach_ns = s->to_ns > s->from_ns ? s->to_ns - s->from_ns : 0;
	start(s);
	return s;
}

bool snapshot_is_over(const struct snapshot *s)
{
	return __atomic_load_n(&s->over, __ATOMIC_ACQUIRE);
}

void snapshot_end(struct snapshot *s, struct snapshot_report *report)
{
	if (s->has_thread)
		pthread_join(s->thread, NULL);
	*report = s->report;
	blob_release(&s->untold);
	free(s);
}
