// SPDX-License-Identifier: GPL-2.0-only
/* A scheduler with 256 counters, each an entry of a per-CPU array, as scx_simple keeps its two. */
#include <scxkit/scx.h>

SCX_LICENSE();
SCX_EXIT_DEFINE(uei);

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 256);
	__type(key, u32);
	__type(value, u64);
} many_stats SEC(".maps");

void SCX_OPS(many_enqueue, struct task_struct *p, u64 enq_flags)
{
	u32 key = p->pid & 255;
	u64 *count = bpf_map_lookup_elem(&many_stats, &key);

	if (count)
		*count += 1;
	scx_bpf_dsq_insert(p, SCX_DSQ_GLOBAL, SCX_SLICE_DFL, enq_flags);
}

void SCX_OPS_SLEEPABLE(many_exit, struct scx_exit_info *ei)
{
	SCX_EXIT_RECORD(uei, ei);
}

SCX_OPS_DEFINE(many_ops,
	.enqueue = (void *)many_enqueue,
	.exit = (void *)many_exit,
	.name = "many",
);
