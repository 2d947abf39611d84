// SPDX-License-Identifier: GPL-2.0-only
/* Sound, but records nothing when it leaves. */
#include <scxkit/scx.h>

SCX_LICENSE();

void SCX_OPS(no_exit_info_enqueue, struct task_struct *p, u64 enq_flags)
{
	scx_bpf_dsq_insert(p, SCX_DSQ_GLOBAL, SCX_SLICE_DFL, enq_flags);
}

SCX_OPS_DEFINE(no_exit_info_ops,
	.enqueue = (void *)no_exit_info_enqueue,
	.name = "no_exit_info",
);
