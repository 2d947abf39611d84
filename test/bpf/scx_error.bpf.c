// SPDX-License-Identifier: GPL-2.0-only
/* Broken: gives up by scx_bpf_error() after a while. */
#include <scxkit/scx.h>

SCX_LICENSE();
SCX_EXIT_DEFINE(uei);

/* The task with this number, counted from 1, is too much. */
const volatile u64 fail_at = 100;

static u64 nr_tasks;

/* On which CPU it gave up. */
u32 failed_on;

void SCX_OPS(scx_error_enqueue, struct task_struct *p, u64 enq_flags)
{
	u64 n = __sync_fetch_and_add(&nr_tasks, 1) + 1;

	scx_bpf_dsq_insert(p, SCX_DSQ_GLOBAL, SCX_SLICE_DFL, enq_flags);
	if (n == fail_at) {
		failed_on = bpf_get_smp_processor_id();
		scx_bpf_error("gave up at task %llu (%s)", n, "as it was told");
	}
}

void SCX_OPS_SLEEPABLE(scx_error_exit, struct scx_exit_info *ei)
{
	SCX_EXIT_RECORD(uei, ei);
}

SCX_OPS_DEFINE(scx_error_ops,
	.enqueue = (void *)scx_error_enqueue,
	.exit = (void *)scx_error_exit,
	.name = "scx_error",
);
