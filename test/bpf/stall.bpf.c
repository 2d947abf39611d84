// SPDX-License-Identifier: GPL-2.0-only
/* Broken: puts every task on a queue that no CPU ever looks at. */
#include <scxkit/scx.h>

SCX_LICENSE();
SCX_EXIT_DEFINE(uei);

#define NOBODYS_DSQ 0

/* Without this the kernel would put tasks on idle CPUs by itself. */
s32 SCX_OPS(stall_select_cpu, struct task_struct *p, s32 prev_cpu, u64 wake_flags)
{
	return prev_cpu;
}

void SCX_OPS(stall_enqueue, struct task_struct *p, u64 enq_flags)
{
	scx_bpf_dsq_insert(p, NOBODYS_DSQ, SCX_SLICE_DFL, enq_flags);
}

s32 SCX_OPS_SLEEPABLE(stall_init)
{
	return scx_bpf_create_dsq(NOBODYS_DSQ, -1);
}

void SCX_OPS_SLEEPABLE(stall_exit, struct scx_exit_info *ei)
{
	SCX_EXIT_RECORD(uei, ei);
}

SCX_OPS_DEFINE(stall_ops,
	.select_cpu = (void *)stall_select_cpu,
	.enqueue = (void *)stall_enqueue,
	.init = (void *)stall_init,
	.exit = (void *)stall_exit,
	.timeout_ms = 2000,
	.name = "stall",
);
