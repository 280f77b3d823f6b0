// SPDX-License-Identifier: GPL-2.0-or-later
/* The rows of fathom doctor: each tries one thing. */
#include "collector/features.h"

#include <bpf/bpf.h>
#include <dirent.h>
#include <errno.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>
#include <zstd.h>

#include "collector/backend.h"
#include "collector/bpf_link.h"
#include "collector/follow.h"
#include "collector/hit_ring.h"
#include "collector/site.h"
#include "collector/tracefs.h"
#include "core/failure.h"

enum {
	CAP_SYS_ADMIN_BIT = 21,
	CAP_PERFMON_BIT = 38,
	CAP_BPF_BIT = 39,
	ARPHRD_VSOCKMON_TYPE = 826,
};

/* The first number of a file in /proc or /sys, or @otherwise. */
static long file_number(const char *path, long otherwise)
{
	FILE *file = fopen(path, "re");
	long value = otherwise;

	if (file && fscanf(file, "%ld", &value) != 1)
		value = otherwise;
	if (file)
		fclose(file);
	return value;
}

static int check_kernel(struct failure *text)
{
	struct utsname name;

	uname(&name);
	return fail(text, 0, "Linux %s, %s", name.release, name.machine);
}

static uint64_t effective_capabilities(void)
{
	FILE *status = fopen("/proc/self/status", "re");
	unsigned long long bits = 0;
	char line[256];

	while (status && fgets(line, sizeof(line), status))
		if (sscanf(line, "CapEff: %llx", &bits) == 1)
			break;
	if (status)
		fclose(status);
	return bits;
}

static int check_user(struct failure *text)
{
	uint64_t have = effective_capabilities();

	if (have >> CAP_SYS_ADMIN_BIT & 1)
		return fail(text, 0, "CAP_SYS_ADMIN");
	if ((have >> CAP_BPF_BIT & 1) && (have >> CAP_PERFMON_BIT & 1))
		return fail(text, 0,
			    "CAP_BPF and CAP_PERFMON: the bpf backends, not uprobe");
	return fail(text, -EPERM,
		    "run as root, or setcap cap_bpf,cap_perfmon+ep on fathom");
}

/* Did the kernel refuse the user, and not the feature? */
static bool is_refused(int err)
{
	return err == -EPERM || err == -EACCES;
}

/* Gives a refusal its cure; other failures keep their text. */
static int explain_refusal(int err, struct failure *text)
{
	if (!is_refused(err))
		return err;
	return fail(text, err, "needs root, or CAP_BPF and CAP_PERFMON");
}

static int check_backend(const struct backend *backend, struct failure *text)
{
	int err = backend->missing(text);

	return err ? err : fail(text, 0, "%s", backend->how);
}

static int check_bpf(struct failure *text)
{
	return check_backend(&backend_bpf, text);
}

static int check_bpf_perf(struct failure *text)
{
	return check_backend(&backend_bpf_perf, text);
}

static int check_uprobe(struct failure *text)
{
	return check_backend(&backend_uprobe, text);
}

static int check_programs(struct failure *text)
{
	return bpf_code_allowed(text);
}

static int check_multi(struct failure *text)
{
	bool pid_filter;
	int err = multi_link_known(&pid_filter, text);

	if (err)
		return explain_refusal(err, text);
	return fail(text, 0,
		    pid_filter ? "with a sound filter by process"
			       : "its filter by process is not sound before 6.11: "
				 "the program filters instead");
}

static int check_cookie(struct failure *text)
{
	struct bpf_code code = {0};
	int program;

	emit_call(&code, BPF_FUNC_get_attach_cookie);
	emit_return(&code, 0);
	program = bpf_code_load(&code, BPF_PROG_TYPE_KPROBE, false, NULL);
	if (is_refused(program))
		return explain_refusal(program, text);
	if (program < 0)
		return fail(text, program,
			    "Linux 5.15; without it at most 16 sites in the bpf "
			    "backends");
	close(program);
	return 0;
}

static int check_rings(struct failure *text)
{
	struct hit_ring_shape shape = {
		.cpus = 1, .nr_events = 1, .size = 4096, .record_max = 512};
	struct hit_rings *rings;
	int err;

	hit_ring_shape(&shape);
	err = hit_rings_new(&rings, &shape, text);
	if (!err)
		hit_rings_free(rings);
	return explain_refusal(err, text);
}

static int check_follow(struct failure *text)
{
	struct target target = {.kind = TARGET_COMMAND, .follow = true};
	struct follow follow;
	int err = bpf_code_allowed(text);

	if (err)
		return err;
	err = follow_start(&follow, &target, text);
	follow_end(&follow);
	return err;
}

static int check_pmu(struct failure *text)
{
	int type = uprobe_pmu_type();

	if (type < 0)
		return fail(text, type, "Linux 4.17 with CONFIG_UPROBE_EVENTS");
	if (uprobe_pmu_allowed() < 0)
		return fail(text, -EPERM, "type %d, whose events need root here", type);
	return fail(text, 0, "type %d", type);
}

static int check_semaphores(struct failure *text)
{
	if (access("/sys/bus/event_source/devices/uprobe/format/ref_ctr_offset", F_OK) ==
	    0)
		return fail(text, 0, "the kernel raises them and lowers them again");
	return fail(text, -ENOENT, "Linux 4.20: probes behind a semaphore will not fire");
}

static int check_tracefs(struct failure *text)
{
	const char *path = tracefs_path(false);

	if (path)
		return fail(text, 0, "%s", path);
	return fail(text, -ENOENT,
		    "mount -t tracefs tracefs /sys/kernel/tracing (record does it "
		    "where it can)");
}

static int check_clean(struct failure *text)
{
	int left = tracefs_left_behind();

	if (left <= 0)
		return 0;
	return fail(text, -EEXIST,
		    "%d uprobe events of killed runs: fathom doctor --clean", left);
}

static int try_counter(uint64_t read_format)
{
	struct perf_event_attr attr = {
		.size = sizeof(attr),
		.type = PERF_TYPE_SOFTWARE,
		.config = PERF_COUNT_SW_DUMMY,
		.read_format = read_format,
	};
	int fd =
		(int)syscall(SYS_perf_event_open, &attr, 0, -1, -1, PERF_FLAG_FD_CLOEXEC);

	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

static int check_perf(struct failure *text)
{
	long paranoid = file_number("/proc/sys/kernel/perf_event_paranoid", 2);
	long locked = file_number("/proc/sys/kernel/perf_event_mlock_kb", 516);
	int err = try_counter(0);

	if (is_refused(err))
		return fail(text, err,
			    "needs root, CAP_PERFMON, or sysctl "
			    "kernel.perf_event_paranoid=-1 (it is %ld)",
			    paranoid);
	if (err)
		return fail(text, err, "perf_event_open: %s (CONFIG_PERF_EVENTS)",
			    strerror(-err));
	return fail(text, 0, "paranoid %ld, %ld KiB of rings per CPU for ordinary users",
		    paranoid, locked);
}

static int check_lost(struct failure *text)
{
	int err = try_counter(PERF_FORMAT_LOST);

	if (!err)
		return 0;
	if (is_refused(err))
		return fail(text, err, "needs perf events");
	return fail(text, err,
		    "Linux 6.0; the uprobe backend then knows losses only by CPU");
}

static int check_files(struct failure *text)
{
	struct rlimit limit;

	getrlimit(RLIMIT_NOFILE, &limit);
	return fail(text, 0, "%llu, can be raised to %llu",
		    (unsigned long long)limit.rlim_cur,
		    (unsigned long long)limit.rlim_max);
}

static int check_sites(struct failure *text)
{
	struct site_features sites;

	site_features_learn(&sites);
	if (!sites.tested)
		return fail(text, -EOPNOTSUPP, "%s", sites.why_not);
	if (sites.nop10_fast && sites.nop10_sound)
		return fail(text, 0, "nop10, self-test passed%s",
			    sites.nop10_forks ? "" : "; not for programs that fork");
	if (sites.nop5_fast && sites.nop5_sound)
		return fail(text, 0,
			    "nop5 as a call, self-test passed; not safe for %s%s",
			    sites.nop5_hazard ? "code with a red zone" : "",
			    sites.nop5_forks ? ""
					     : ", nor where a forked child hits it (the "
					       "kernel kills it)");
	return fail(text, -EOPNOTSUPP, "self-test: multi-byte nops are not faster here");
}

static int check_zstd(struct failure *text)
{
	return fail(text, 0, "%s", ZSTD_versionString());
}

static int check_io_uring(struct failure *text)
{
	char params[120] = {0};

	/* No entries is an error of its own, which only a working io_uring reports. */
	if (syscall(SYS_io_uring_setup, 0, params) < 0 && errno == EINVAL)
		return 0;
	return fail(text, -errno, "%s: kernel.io_uring_disabled, or a seccomp filter",
		    strerror(errno));
}

static int check_vsockmon(struct failure *text)
{
	DIR *net = opendir("/sys/class/net");
	struct dirent *entry;
	char path[300];
	int err = -ENODEV;

	while (net && err && (entry = readdir(net))) {
		snprintf(path, sizeof(path), "/sys/class/net/%s/type", entry->d_name);
		if (file_number(path, 0) == ARPHRD_VSOCKMON_TYPE)
			err = fail(text, 0, "%s", entry->d_name);
	}
	if (net)
		closedir(net);
	if (!err)
		return 0;
	return fail(text, err,
		    "ip link add type vsockmon && ip link set vsockmon0 up (module "
		    "vsockmon)");
}

static int check_btf(struct failure *text)
{
	if (access("/sys/kernel/btf/vmlinux", R_OK) == 0)
		return 0;
	return fail(text, -ENOENT,
		    "CONFIG_DEBUG_INFO_BTF; fathom does without, bpftrace needs it");
}

const struct feature features[] = {
	{"kernel", "kernel", check_kernel},
	{"user", "privileges", check_user},
	{"backend_bpf", "backend bpf", check_bpf},
	{"backend_bpf_perf", "backend bpf-perf", check_bpf_perf},
	{"backend_uprobe", "backend uprobe", check_uprobe},
	{"bpf_programs", "BPF programs", check_programs},
	{"uprobe_multi", "uprobe_multi links", check_multi},
	{"attach_cookie", "BPF attach cookies", check_cookie},
	{"bpf_rings", "rings written by BPF", check_rings},
	{"follow", "following forks", check_follow},
	{"uprobe_pmu", "uprobe PMU", check_pmu},
	{"semaphores", "semaphores", check_semaphores},
	{"fast_sites", "fast sites", check_sites},
	{"tracefs", "tracefs mounted", check_tracefs},
	{"clean", "tracefs is clean", check_clean},
	{"perf", "perf events", check_perf},
	{"lost_counts", "losses by event", check_lost},
	{"open_files", "open files", check_files},
	{"btf", "kernel BTF", check_btf},
	{"zstd", "zstd (-z)", check_zstd},
	{"io_uring", "io_uring (bench)", check_io_uring},
	{"vsockmon", "vsockmon (vsock)", check_vsockmon},
	{0},
};
