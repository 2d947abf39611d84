// SPDX-License-Identifier: GPL-2.0-only
/* Needs a kernel function that no kernel has. */
#include <scxkit/scx.h>

SCX_LICENSE();
SCX_EXIT_DEFINE(uei);

void scx_bpf_no_such_function(struct task_struct *p) __ksym;

void SCX_OPS(missing_kfunc_enqueue, struct task_struct *p, u64 enq_flags)
{
	scx_bpf_no_such_function(p);
	scx_bpf_dsq_insert(p, SCX_DSQ_GLOBAL, SCX_SLICE_DFL, enq_flags);
}

void SCX_OPS_SLEEPABLE(missing_kfunc_exit, struct scx_exit_info *ei)
{
	SCX_EXIT_RECORD(uei, ei);
}

SCX_OPS_DEFINE(missing_kfunc_ops,
	.enqueue = (void *)missing_kfunc_enqueue,
	.exit = (void *)missing_kfunc_exit,
	.name = "missing_kfunc",
);
