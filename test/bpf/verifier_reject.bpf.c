// SPDX-License-Identifier: GPL-2.0-only
/* Broken: the verifier refuses simple-looking code in a callback. */
#include <scxkit/scx.h>

SCX_LICENSE();
SCX_EXIT_DEFINE(uei);

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, u64);
} weights SEC(".maps");

void SCX_OPS(verifier_reject_enqueue, struct task_struct *p, u64 enq_flags)
{
	u32 pid = p->pid;
	u64 *weight = bpf_map_lookup_elem(&weights, &pid);

	*weight += 1; /* the verifier points here: it may be NULL */
	scx_bpf_dsq_insert(p, SCX_DSQ_GLOBAL, SCX_SLICE_DFL, enq_flags);
}

void SCX_OPS_SLEEPABLE(verifier_reject_exit, struct scx_exit_info *ei)
{
	SCX_EXIT_RECORD(uei, ei);
}

SCX_OPS_DEFINE(verifier_reject_ops,
	.enqueue = (void *)verifier_reject_enqueue,
	.exit = (void *)verifier_reject_exit,
	.name = "verifier_reject",
);
