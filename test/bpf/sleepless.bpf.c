// SPDX-License-Identifier: GPL-2.0-only
/* Broken: a callback that may not sleep calls what may. */
#include <scxkit/scx.h>

SCX_LICENSE();

void SCX_OPS(sleepless_enqueue, struct task_struct *p, u64 enq_flags)
{
	scx_bpf_create_dsq(7, -1);
	scx_bpf_dsq_insert(p, SCX_DSQ_GLOBAL, SCX_SLICE_DFL, enq_flags);
}

SCX_OPS_DEFINE(sleepless_ops, .enqueue = (void *)sleepless_enqueue, .name = "sleepless", );
