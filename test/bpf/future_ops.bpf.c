// SPDX-License-Identifier: GPL-2.0-only
/* Sound, and made for a kernel whose ops have a callback and a setting more. */
#include <scxkit/scx.h>

SCX_LICENSE();
SCX_EXIT_DEFINE(uei);

/* Whatever follows ___ is no part of the name that the kernel is asked for. */
struct sched_ext_ops___future {
	void (*enqueue)(struct task_struct *p, u64 enq_flags);
	void (*from_the_future)(struct task_struct *p);
	void (*exit)(struct scx_exit_info *info);
	u64 future_setting;
	u32 exit_dump_len;
	u64 hotplug_seq;
	char name[128];
};

u64 nr_enqueued;

void SCX_OPS(future_ops_enqueue, struct task_struct *p, u64 enq_flags)
{
	__sync_fetch_and_add(&nr_enqueued, 1);
	scx_bpf_dsq_insert(p, SCX_DSQ_GLOBAL, SCX_SLICE_DFL, enq_flags);
}

void SCX_OPS(future_ops_from_the_future, struct task_struct *p)
{
}

void SCX_OPS_SLEEPABLE(future_ops_exit, struct scx_exit_info *ei)
{
	SCX_EXIT_RECORD(uei, ei);
}

SEC(".struct_ops.link")
struct sched_ext_ops___future future_ops = {
	.enqueue = (void *)future_ops_enqueue,
	.from_the_future = (void *)future_ops_from_the_future,
	.exit = (void *)future_ops_exit,
	.future_setting = 7,
	.name = "future",
};
