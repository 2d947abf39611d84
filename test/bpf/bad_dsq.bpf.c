// SPDX-License-Identifier: GPL-2.0-only
/* Broken: after a while it puts a task on a queue that nobody has created. */
#include <scxkit/scx.h>

SCX_LICENSE();
SCX_EXIT_DEFINE(uei);

#define MISSING_DSQ 0xdead

/* The task with this number, counted from 1, gets there. */
const volatile u64 fail_at = 20;

static u64 nr_tasks;

void SCX_OPS(bad_dsq_enqueue, struct task_struct *p, u64 enq_flags)
{
	u64 n = __sync_fetch_and_add(&nr_tasks, 1) + 1;

	scx_bpf_dsq_insert(p, n == fail_at ? MISSING_DSQ : SCX_DSQ_GLOBAL, SCX_SLICE_DFL,
			   enq_flags);
}

void SCX_OPS_SLEEPABLE(bad_dsq_exit, struct scx_exit_info *ei)
{
	SCX_EXIT_RECORD(uei, ei);
}

SCX_OPS_DEFINE(bad_dsq_ops,
	.enqueue = (void *)bad_dsq_enqueue,
	.exit = (void *)bad_dsq_exit,
	.name = "bad_dsq",
);
