// SPDX-License-Identifier: GPL-2.0-only
/* Broken: never lets a task run, until the kernel's watchdog has seen enough. */
#include <scxkit/scx.h>

SCX_LICENSE();
SCX_EXIT_DEFINE(uei);

/* Without this the kernel would put tasks on idle CPUs by itself. */
s32 SCX_OPS(no_dispatch_select_cpu, struct task_struct *p, s32 prev_cpu, u64 wake_flags)
{
	return prev_cpu;
}

void SCX_OPS(no_dispatch_enqueue, struct task_struct *p, u64 enq_flags)
{
}

void SCX_OPS_SLEEPABLE(no_dispatch_exit, struct scx_exit_info *ei)
{
	SCX_EXIT_RECORD(uei, ei);
}

SCX_OPS_DEFINE(no_dispatch_ops,
	.select_cpu = (void *)no_dispatch_select_cpu,
	.enqueue = (void *)no_dispatch_enqueue,
	.exit = (void *)no_dispatch_exit,
	.timeout_ms = 2000,
	.name = "no_dispatch",
);
