// SPDX-License-Identifier: GPL-2.0-only
/* Broken: tasks called "starved" wait on a queue that no CPU ever looks at; others are served. */
#include <scxkit/scx.h>

SCX_LICENSE();
SCX_EXIT_DEFINE(uei);

#define NOBODYS_DSQ 0

static bool is_starved(const struct task_struct *p)
{
	static const char name[] = "starved";

	for (int i = 0; i < (int)sizeof(name); i++)
		if (p->comm[i] != name[i])
			return false;
	return true;
}

/* Without this the kernel would put tasks on idle CPUs by itself. */
s32 SCX_OPS(starve_select_cpu, struct task_struct *p, s32 prev_cpu, u64 wake_flags)
{
	return prev_cpu;
}

void SCX_OPS(starve_enqueue, struct task_struct *p, u64 enq_flags)
{
	scx_bpf_dsq_insert(p, is_starved(p) ? NOBODYS_DSQ : SCX_DSQ_GLOBAL, SCX_SLICE_DFL,
			   enq_flags);
}

s32 SCX_OPS_SLEEPABLE(starve_init)
{
	return scx_bpf_create_dsq(NOBODYS_DSQ, -1);
}

void SCX_OPS(starve_dump_task, struct scx_dump_ctx *dctx, struct task_struct *p)
{
	scx_bpf_dump("starved: %d", is_starved(p));
}

void SCX_OPS_SLEEPABLE(starve_exit, struct scx_exit_info *ei)
{
	SCX_EXIT_RECORD(uei, ei);
}

SCX_OPS_DEFINE(starve_ops,
	.select_cpu = (void *)starve_select_cpu,
	.enqueue = (void *)starve_enqueue,
	.init = (void *)starve_init,
	.dump_task = (void *)starve_dump_task,
	.exit = (void *)starve_exit,
	.timeout_ms = 2000,
	.name = "starve",
);
