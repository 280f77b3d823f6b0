// SPDX-License-Identifier: GPL-2.0-or-later
/* Loads BPF programs and attaches them. */
#include "collector/bpf_link.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/failure.h"

/* BPF_LINK_CREATE's part of union bpf_attr, newer than Debian 12's <linux/bpf.h>. */
struct multi_link_attr {
	uint32_t prog_fd, target_fd, attach_type, flags;
	uint64_t path, offsets, ref_ctr_offsets, cookies;
	uint32_t cnt, uprobe_flags, pid;
	uint32_t padding;
};

/* The last line of the verifier's log, which says what it did not like. */
static const char *last_line(char *log)
{
	size_t length = strlen(log);
	char *line;

	while (length && log[length - 1] == '\n')
		log[--length] = 0;
	line = strrchr(log, '\n');
	if (line && strncmp(line + 1, "processed ", 10) == 0) {
		*line = 0;
		line = strrchr(log, '\n');
	}
	return line ? line + 1 : log;
}

int bpf_code_load(const struct bpf_code *code, enum bpf_prog_type type, bool multi,
		  struct failure *f)
{
	char log[4096] = "";
	LIBBPF_OPTS(bpf_prog_load_opts, options,
		    .expected_attach_type =
			    multi ? (enum bpf_attach_type)FATHOM_BPF_TRACE_UPROBE_MULTI
				  : 0);
	int fd = bpf_prog_load(type, "fathom", "GPL", code->insns, code->count, &options);
	int err = -errno;

	if (fd >= 0)
		return fd;
	if (err == -EINVAL || err == -EACCES) {
		options.log_buf = log;
		options.log_size = sizeof(log);
		options.log_level = 1;
		fd = bpf_prog_load(type, "fathom", "GPL", code->insns, code->count,
				   &options);
		if (fd >= 0)
			return fd;
	}
	return fail(f, err, "the kernel refuses a BPF program: %s%s%s", strerror(-err),
		    *log ? ": " : "", last_line(log));
}

int multi_link(int program, const struct multi_link *link)
{
	struct multi_link_attr attr = {
		.prog_fd = (uint32_t)program,
		.attach_type = FATHOM_BPF_TRACE_UPROBE_MULTI,
		.path = (uint64_t)(uintptr_t)link->path,
		.offsets = (uint64_t)(uintptr_t)link->offsets,
		.ref_ctr_offsets = (uint64_t)(uintptr_t)link->semaphores,
		.cookies = (uint64_t)(uintptr_t)link->cookies,
		.cnt = link->count,
		.pid = (uint32_t)link->pid,
	};
	long fd = syscall(SYS_bpf, BPF_LINK_CREATE, &attr, sizeof(attr));

	return fd < 0 ? -errno : (int)fd;
}

/* A program that does nothing but what every program of ours needs: an exchange. */
static int load_nothing(bool multi, struct failure *f)
{
	struct bpf_code code = {0};

	emit_store_value(&code, 8, BPF_REG_10, -8, 0);
	emit_move_value(&code, BPF_REG_0, 0);
	emit_move_value(&code, BPF_REG_1, 1);
	emit_compare_exchange(&code, BPF_REG_10, -8, BPF_REG_1);
	emit_return(&code, 0);
	return bpf_code_load(&code, BPF_PROG_TYPE_KPROBE, multi, f);
}

int bpf_code_allowed(struct failure *f)
{
	int program = load_nothing(false, f);

	if (program == -EPERM || program == -EACCES)
		return fail(f, program, "BPF needs root, or CAP_BPF and CAP_PERFMON");
	if (program == -EINVAL)
		return fail(f, program,
			    "BPF programs here cannot exchange atomically (Linux "
			    "5.12)");
	if (program < 0)
		return program;
	close(program);
	return 0;
}

/* Tries it on a path that is no file: only a kernel that knows the link gets there. */
int multi_link_known(bool *pid_filter, struct failure *f)
{
	struct multi_link link = {.path = "/", .offsets = (uint64_t[]){0}, .count = 1};
	int program = load_nothing(true, f);
	int err;

	if (program < 0)
		return program;
	err = multi_link(program, &link);
	link.pid = -1;
	*pid_filter = multi_link(program, &link) == -EINVAL;
	close(program);
	if (err == -EBADF)
		return 0;
	return fail(f, -EOPNOTSUPP, "this kernel has no uprobe_multi links (Linux 6.6)");
}

int uprobe_pmu_type(void)
{
	FILE *file = fopen("/sys/bus/event_source/devices/uprobe/type", "re");
	int type;

	if (!file)
		return -ENOENT;
	if (fscanf(file, "%d", &type) != 1)
		type = -ENOENT;
	fclose(file);
	return type;
}

/* Ties @program to perf event @event, by a link if it needs a cookie. */
static int tie(int event, int program, const uint64_t *cookie, int *link)
{
	*link = -1;
	if (cookie) {
		LIBBPF_OPTS(bpf_link_create_opts, options,
			    .perf_event.bpf_cookie = *cookie);

		*link = bpf_link_create(program, event, BPF_PERF_EVENT, &options);
		if (*link < 0)
			return *link;
	} else if (ioctl(event, PERF_EVENT_IOC_SET_BPF, program) < 0) {
		return -errno;
	}
	if (ioctl(event, PERF_EVENT_IOC_ENABLE, 0) == 0)
		return 0;
	return -errno;
}

int perf_uprobe(const char *path, uint64_t offset, uint64_t semaphore, int program,
		const uint64_t *cookie, int *link)
{
	struct perf_event_attr attr = {
		.size = sizeof(attr),
		.type = (uint32_t)uprobe_pmu_type(),
		.config = semaphore << 32,
		.config1 = (uint64_t)(uintptr_t)path,
		.config2 = offset,
		.sample_period = 1,
	};
	int event =
		(int)syscall(SYS_perf_event_open, &attr, -1, 0, -1, PERF_FLAG_FD_CLOEXEC);
	int err;

	*link = -1;
	if (event < 0)
		return -errno;
	err = tie(event, program, cookie, link);
	if (!err)
		return event;
	if (*link >= 0)
		close(*link);
	*link = -1;
	close(event);
	return err;
}

/* Rights are looked at before the path, which is not there. */
int uprobe_pmu_allowed(void)
{
	struct perf_event_attr attr = {
		.size = sizeof(attr),
		.type = (uint32_t)uprobe_pmu_type(),
	};
	int fd = (int)syscall(SYS_perf_event_open, &attr, 0, -1, -1,
			      PERF_FLAG_FD_CLOEXEC);

	if (fd >= 0)
		close(fd);
	return fd < 0 && (errno == EACCES || errno == EPERM) ? -errno : 0;
}

int perf_uprobe_self(uint64_t offset)
{
	int type = uprobe_pmu_type();
	struct perf_event_attr attr = {
		.size = sizeof(attr),
		.type = (uint32_t)type,
		.config1 = (uint64_t)(uintptr_t) "/proc/self/exe",
		.config2 = offset,
	};
	int fd;

	if (type < 0)
		return type;
	fd = (int)syscall(SYS_perf_event_open, &attr, 0, -1, -1, PERF_FLAG_FD_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int tracepoint_link(int program, unsigned id)
{
	struct perf_event_attr attr = {
		.size = sizeof(attr),
		.type = PERF_TYPE_TRACEPOINT,
		.config = id,
		.sample_period = 1,
	};
	int event =
		(int)syscall(SYS_perf_event_open, &attr, -1, 0, -1, PERF_FLAG_FD_CLOEXEC);
	int err, link;

	if (event < 0)
		return -errno;
	err = tie(event, program, NULL, &link);
	if (!err)
		return event;
	close(event);
	return err;
}
