/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The kernel's types, as far as schedulers look into them.
 *
 * Each names only the fields that are read here; their offsets are filled in when the object is
 * loaded (CO-RE), from the running kernel. A field that isn't in every kernel from 6.16 to 7.2
 * says so, and wants bpf_core_field_exists() before it is read. Who needs one more field of a
 * kernel type adds it to his own source:
 *
 *	struct task_struct___mine {
 *		int exit_state;
 *	} __attribute__((preserve_access_index));
 *
 * and reads it through a cast; the part of the name from ___ on is ignored when matching.
 */
#ifndef __SCXKIT_KERNEL_H
#define __SCXKIT_KERNEL_H

#include <scxkit/types.h>

#ifndef __VMLINUX_H__

#ifndef BPF_NO_PRESERVE_ACCESS_INDEX
#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)
#endif

struct list_head {
	struct list_head *next, *prev;
};

struct cpumask {
	unsigned long bits[128]; /* the kernel's own length may differ: read it by kfunc only */
};

typedef struct cpumask cpumask_t;

struct bpf_cpumask {
	cpumask_t cpumask;
};

struct kernfs_node {
	u64 id;
};

struct cgroup {
	struct kernfs_node *kn;
	int level;
};

struct mm_struct;

struct sched_entity {
	u64 exec_start;
	u64 sum_exec_runtime;
	u64 vruntime;
};

struct scx_dispatch_q {
	u32 nr;
	u64 id;
};

struct sched_ext_entity {
	struct scx_dispatch_q *dsq;
	u32 flags;
	u32 weight; /* 1 .. 10000, a nice-0 task has 100 */
	s32 sticky_cpu;
	s32 holding_cpu;
	u64 slice;
	u64 dsq_vtime;
	bool disallow;
	u64 tid; /* from 7.2 on */
};

struct task_struct {
	unsigned int flags;
	int on_cpu;
	int prio;
	int static_prio;
	int normal_prio;
	unsigned int policy;
	int nr_cpus_allowed;
	const cpumask_t *cpus_ptr;
	unsigned short migration_disabled;
	struct sched_entity se;
	struct sched_ext_entity scx;
	struct mm_struct *mm;
	s32 pid;
	s32 tgid;
	struct task_struct *real_parent;
	struct task_struct *group_leader;
	unsigned long nvcsw;
	unsigned long nivcsw;
	u64 start_time;
	char comm[16];
};

struct rq {
	unsigned int nr_running;
	u64 clock;
	struct task_struct *curr;
	int cpu;
};

enum scx_exit_kind {
	SCX_EXIT_NONE = 0,
	SCX_EXIT_DONE = 1,
	SCX_EXIT_UNREG = 64,	  /* user space detached it */
	SCX_EXIT_UNREG_BPF = 65,  /* scx_bpf_exit() */
	SCX_EXIT_UNREG_KERN = 66, /* the kernel, as when a CPU comes or goes */
	SCX_EXIT_SYSRQ = 67,
	SCX_EXIT_PARENT = 68, /* not in 6.18; in 7.2 */
	SCX_EXIT_ERROR = 1024,
	SCX_EXIT_ERROR_BPF = 1025,   /* scx_bpf_error() */
	SCX_EXIT_ERROR_STALL = 1026, /* the watchdog */
};

struct scx_exit_info {
	enum scx_exit_kind kind;
	s32 exit_cpu; /* from 7.2 on */
	s64 exit_code;
	u64 flags; /* not in 6.16; in 6.18 */
	const char *reason;
	unsigned long *bt;
	u32 bt_len;
	char *msg;
	char *dump;
};

struct scx_init_task_args {
	bool fork;
	struct cgroup *cgroup; /* with CONFIG_EXT_GROUP_SCHED */
};

struct scx_exit_task_args {
	bool cancelled;
};

struct scx_cgroup_init_args {
	u32 weight;
	u64 bw_period_us; /* these three not in 6.16; in 6.18 */
	u64 bw_quota_us;
	u64 bw_burst_us;
};

enum scx_cpu_preempt_reason {
	SCX_CPU_PREEMPT_RT,
	SCX_CPU_PREEMPT_DL,
	SCX_CPU_PREEMPT_STOP,
	SCX_CPU_PREEMPT_UNKNOWN,
};

struct scx_cpu_acquire_args {
};

struct scx_cpu_release_args {
	enum scx_cpu_preempt_reason reason;
	struct task_struct *task;
};

struct scx_dump_ctx {
	enum scx_exit_kind kind;
	s64 exit_code;
	const char *reason;
	u64 at_ns;
	u64 at_jiffies;
};

struct sched_ext_ops;

struct scx_sub_attach_args {
	struct sched_ext_ops *ops;
	char *cgroup_path;
};

struct scx_sub_detach_args {
	struct sched_ext_ops *ops;
	char *cgroup_path;
};

#ifndef BPF_NO_PRESERVE_ACCESS_INDEX
#pragma clang attribute pop
#endif

/* Used by value, on the program's own stack: no relocation. Same size from 6.12 to 7.2. */
struct bpf_iter_scx_dsq {
	u64 __opaque[6];
} __attribute__((aligned(8)));

/*
 * The kernel's table of callbacks and settings. libbpf finds the kernel's type by this name and
 * each member by its own, so their order here means nothing. A member that the running kernel
 * doesn't have is skipped as long as it is zero (loaders may clear it); what isn't in every
 * kernel from 6.16 on is marked.
 */
struct sched_ext_ops {
	s32 (*select_cpu)(struct task_struct *p, s32 prev_cpu, u64 wake_flags);
	void (*enqueue)(struct task_struct *p, u64 enq_flags);
	void (*dequeue)(struct task_struct *p, u64 deq_flags);
	void (*dispatch)(s32 cpu, struct task_struct *prev);
	void (*tick)(struct task_struct *p);
	void (*runnable)(struct task_struct *p, u64 enq_flags);
	void (*running)(struct task_struct *p);
	void (*stopping)(struct task_struct *p, bool runnable);
	void (*quiescent)(struct task_struct *p, u64 deq_flags);
	bool (*yield)(struct task_struct *from, struct task_struct *to);
	bool (*core_sched_before)(struct task_struct *a, struct task_struct *b);
	void (*set_weight)(struct task_struct *p, u32 weight);
	void (*set_cpumask)(struct task_struct *p, const struct cpumask *cpumask);
	void (*update_idle)(s32 cpu, bool idle);
	void (*cpu_acquire)(s32 cpu, struct scx_cpu_acquire_args *args);
	void (*cpu_release)(s32 cpu, struct scx_cpu_release_args *args);
	s32 (*init_task)(struct task_struct *p, struct scx_init_task_args *args);
	void (*exit_task)(struct task_struct *p, struct scx_exit_task_args *args);
	void (*enable)(struct task_struct *p);
	void (*disable)(struct task_struct *p);
	void (*dump)(struct scx_dump_ctx *ctx);
	void (*dump_cpu)(struct scx_dump_ctx *ctx, s32 cpu, bool idle);
	void (*dump_task)(struct scx_dump_ctx *ctx, struct task_struct *p);
	s32 (*cgroup_init)(struct cgroup *cgrp, struct scx_cgroup_init_args *args);
	void (*cgroup_exit)(struct cgroup *cgrp);
	s32 (*cgroup_prep_move)(struct task_struct *p, struct cgroup *from, struct cgroup *to);
	void (*cgroup_move)(struct task_struct *p, struct cgroup *from, struct cgroup *to);
	void (*cgroup_cancel_move)(struct task_struct *p, struct cgroup *from, struct cgroup *to);
	void (*cgroup_set_weight)(struct cgroup *cgrp, u32 weight);
	/* from 6.17 on */
	void (*cgroup_set_bandwidth)(struct cgroup *cgrp, u64 period_us, u64 quota_us,
				     u64 burst_us);
	/* from 6.19 on */
	void (*cgroup_set_idle)(struct cgroup *cgrp, bool idle);
	/* from 7.1 on */
	s32 (*sub_attach)(struct scx_sub_attach_args *args);
	void (*sub_detach)(struct scx_sub_detach_args *args);
	void (*cpu_online)(s32 cpu);
	void (*cpu_offline)(s32 cpu);
	s32 (*init)(void);
	void (*exit)(struct scx_exit_info *info);
	u32 dispatch_max_batch;
	u64 flags;	/* SCX_OPS_* */
	u32 timeout_ms; /* a runnable task waits at most this long; up to 30000 */
	u32 exit_dump_len;
	u64 hotplug_seq;   /* set by loaders */
	u64 sub_cgroup_id; /* from 7.1 on */
	char name[128];
};

#endif /* __VMLINUX_H__ */
#endif /* __SCXKIT_KERNEL_H */
