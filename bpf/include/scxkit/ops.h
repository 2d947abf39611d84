/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Writing the callbacks of a scheduler and listing them.
 *
 *	void SCX_OPS(simple_enqueue, struct task_struct *p, u64 enq_flags)
 *	{
 *		scx_bpf_dsq_insert(p, SCX_DSQ_GLOBAL, SCX_SLICE_DFL, enq_flags);
 *	}
 *
 *	SCX_OPS_DEFINE(simple_ops,
 *		.enqueue = (void *)simple_enqueue,
 *		.name = "simple",
 *	);
 */
#ifndef __SCXKIT_OPS_H
#define __SCXKIT_OPS_H

#include <scxkit/types.h>
#include <scxkit/kernel.h>

/* The kernel chooses what a callback is given; few need all of it. */
#pragma clang diagnostic ignored "-Wunused-parameter"

/* A callback. No parameter may be called `ctx`: BPF_PROG() has one of that name. */
#define SCX_OPS(__name, args...)   \
	SEC("struct_ops/" #__name) \
	BPF_PROG(__name, ##args)

/* A callback that may sleep: init, exit, init_task, cgroup_init, cpu_online and the like. */
#define SCX_OPS_SLEEPABLE(__name, args...) \
	SEC("struct_ops.s/" #__name)       \
	BPF_PROG(__name, ##args)

/* The table, as a struct_ops map @__name that goes when its link is closed. */
#define SCX_OPS_DEFINE(__name, ...) \
	SEC(".struct_ops.link")     \
	struct sched_ext_ops __name = {__VA_ARGS__}

#define SCX_LICENSE() char _license[] SEC("license") = "GPL"

#endif /* __SCXKIT_OPS_H */
