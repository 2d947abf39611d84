// SPDX-License-Identifier: GPL-2.0-only
/* Leaves in good order after a while, with a code of its own. */
#include <scxkit/scx.h>

SCX_LICENSE();
SCX_EXIT_DEFINE(uei);

/* The task with this number, counted from 1, is the last one. */
const volatile u64 exit_at = 100;

const volatile s64 user_code = 42;

static u64 nr_tasks;

void SCX_OPS(user_exit_enqueue, struct task_struct *p, u64 enq_flags)
{
	u64 n = __sync_fetch_and_add(&nr_tasks, 1) + 1;

	scx_bpf_dsq_insert(p, SCX_DSQ_GLOBAL, SCX_SLICE_DFL, enq_flags);
	if (n == exit_at)
		scx_bpf_exit(user_code, "enough after %llu tasks", n);
}

void SCX_OPS(user_exit_dump, struct scx_dump_ctx *dctx)
{
	scx_bpf_dump("tasks seen: %llu", nr_tasks);
}

void SCX_OPS_SLEEPABLE(user_exit_exit, struct scx_exit_info *ei)
{
	SCX_EXIT_RECORD(uei, ei);
}

SCX_OPS_DEFINE(user_exit_ops,
	.enqueue = (void *)user_exit_enqueue,
	.dump = (void *)user_exit_dump,
	.exit = (void *)user_exit_exit,
	.name = "user_exit",
);
