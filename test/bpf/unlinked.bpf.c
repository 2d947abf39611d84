// SPDX-License-Identifier: GPL-2.0-only
/* A scheduler that is registered without a link, as all were before Linux 6.4. */
#include <scxkit/scx.h>

SCX_LICENSE();
SCX_EXIT_DEFINE(uei);

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, u64);
} enqueued_stats SEC(".maps");

void SCX_OPS(unlinked_enqueue, struct task_struct *p, u64 enq_flags)
{
	u32 zero = 0;
	u64 *count = bpf_map_lookup_elem(&enqueued_stats, &zero);

	if (count)
		*count += 1;
	scx_bpf_dsq_insert(p, SCX_DSQ_GLOBAL, SCX_SLICE_DFL, enq_flags);
}

void SCX_OPS_SLEEPABLE(unlinked_exit, struct scx_exit_info *ei)
{
	SCX_EXIT_RECORD(uei, ei);
}

SEC(".struct_ops")
struct sched_ext_ops unlinked_ops = {
	.enqueue = (void *)unlinked_enqueue,
	.exit = (void *)unlinked_exit,
	.name = "unlinked",
};
