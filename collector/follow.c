// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Follows forks in the kernel, so that a child's first hit already counts.
 *
 * sched_process_fork runs in the parent before the child can run. It gives the new
 * task's id: for a process that is its process id, for a thread an id that no process
 * has, so that putting both into the set does no harm. An entry goes when its task is
 * freed (sched_process_free), not when it exits: the first thread of a process may end
 * long before the process does.
 *
 * Rejected: reading task_struct in a raw tracepoint, which needs BTF for its offsets.
 */
#include "collector/follow.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "collector/bpf_link.h"
#include "collector/tracefs.h"
#include "core/failure.h"

enum { KEY = -8, VALUE = -16, TREE_MAX = 65536 };

static void call_with_key(struct bpf_code *c, int map, int helper)
{
	emit_map(c, BPF_REG_1, map);
	emit_move(c, BPF_REG_2, BPF_REG_10);
	emit_alu_value(c, BPF_ADD, BPF_REG_2, KEY);
	emit_call(c, helper);
}

/* If this process is in the tree, so is the new task. */
static void generate_fork(struct bpf_code *c, int map, int child)
{
	size_t found;

	emit_move(c, BPF_REG_6, BPF_REG_1);
	emit_call(c, BPF_FUNC_get_current_pid_tgid);
	emit_alu_value(c, BPF_RSH, BPF_REG_0, 32);
	emit_store(c, 4, BPF_REG_10, KEY, BPF_REG_0);
	call_with_key(c, map, BPF_FUNC_map_lookup_elem);
	found = emit_jump(c, BPF_JNE, BPF_REG_0, 0);
	emit_return(c, 0);
	emit_land(c, found);
	emit_load(c, 4, BPF_REG_1, BPF_REG_6, child);
	emit_store(c, 4, BPF_REG_10, KEY, BPF_REG_1);
	emit_store_value(c, 8, BPF_REG_10, VALUE, 1);
	emit_move(c, BPF_REG_3, BPF_REG_10);
	emit_alu_value(c, BPF_ADD, BPF_REG_3, VALUE);
	emit_move_value(c, BPF_REG_4, BPF_ANY);
	call_with_key(c, map, BPF_FUNC_map_update_elem);
	emit_return(c, 0);
}

static void generate_gone(struct bpf_code *c, int map, int pid)
{
	emit_load(c, 4, BPF_REG_2, BPF_REG_1, pid);
	emit_store(c, 4, BPF_REG_10, KEY, BPF_REG_2);
	call_with_key(c, map, BPF_FUNC_map_delete_elem);
	emit_return(c, 0);
}

/* Generates with the offset of @field in tracepoint @event's record, and attaches. */
static int on_tracepoint(const char *event, const char *field, int map,
			 void (*generate)(struct bpf_code *, int, int), struct failure *f)
{
	int offset = tracefs_field_offset(event, field), id = tracefs_event_id(event);
	struct bpf_code code = {0};
	int program, link;

	if (offset == -EACCES || id == -EACCES)
		return fail(f, -EACCES,
			    "following forks reads tracefs, which here takes root; "
			    "with -a there is nothing to follow");
	if (offset < 0 || id < 0)
		return fail(f, -ENOENT,
			    "tracepoint %s is needed to follow forks and is not "
			    "there (is tracefs mounted?)",
			    event);
	generate(&code, map, offset);
	program = bpf_code_load(&code, BPF_PROG_TYPE_TRACEPOINT, false, f);
	if (program < 0)
		return program;
	link = tracepoint_link(program, (unsigned)id);
	close(program);
	return link < 0 ? fail(f, link, "tracepoint %s: %s", event, strerror(-link))
			: link;
}

int follow_start(struct follow *follow, const struct target *target, struct failure *f)
{
	uint8_t value = 1;

	*follow = (struct follow){-1, -1, -1};
	follow->tree =
		bpf_map_create(BPF_MAP_TYPE_HASH, "fathom_tree", 4, 1, TREE_MAX, NULL);
	if (follow->tree < 0)
		return fail(f, follow->tree, "cannot create a BPF map: %s",
			    strerror(-follow->tree));
	for (size_t i = 0; i < target->nr_pids; i++)
		if (bpf_map_update_elem(follow->tree, &target->pids[i], &value, BPF_ANY))
			return fail(f, -E2BIG, "too many processes");
	if (!target->follow)
		return 0;
	follow->fork = on_tracepoint("sched/sched_process_fork", "child_pid",
				     follow->tree, generate_fork, f);
	if (follow->fork < 0)
		return follow->fork;
	follow->gone = on_tracepoint("sched/sched_process_free", "pid", follow->tree,
				     generate_gone, f);
	return follow->gone < 0 ? follow->gone : 0;
}

void follow_end(struct follow *follow)
{
	int fds[] = {follow->fork, follow->gone};

	for (size_t i = 0; i < 2; i++)
		if (fds[i] >= 0)
			close(fds[i]);
	if (follow->tree >= 0)
		close(follow->tree);
	*follow = (struct follow){-1, -1, -1};
}
