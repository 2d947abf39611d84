// SPDX-License-Identifier: GPL-2.0-only
/* A scheduler with one program that can be attached, and one that no kernel has a place for. */
#include <scxkit/scx.h>

SCX_LICENSE();

u64 nr_switches;

SEC("tp_btf/sched_switch")
int BPF_PROG(companion_found)
{
	__sync_fetch_and_add(&nr_switches, 1);
	return 0;
}

SEC("tp/sched/scxkit_no_such_event")
int companion_lost(void *ctx __scx_unused)
{
	return 0;
}

void SCX_OPS(companion_enqueue, struct task_struct *p, u64 enq_flags)
{
	scx_bpf_dsq_insert(p, SCX_DSQ_GLOBAL, SCX_SLICE_DFL, enq_flags);
}

SCX_OPS_DEFINE(companion_ops,
	.enqueue = (void *)companion_enqueue,
	.name = "companion_lost",
);
