/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * sched_ext's numbers, of two sorts.
 *
 * Plain constants are those that have the same value in 6.16, 6.18 and 7.2, as far as these know
 * them (test/bpf/abi.bpf.c asks the running kernel). They may stand in initialisers.
 *
 * Flags whose bits have moved (SCX_ENQ_HEAD was 1 << 4 and is 1 << 16) or that came later are
 * looked up in the running kernel's BTF when the object is loaded. They are expressions, usable
 * inside functions only, and 0 where the kernel doesn't know them. Nothing has to be filled in
 * by the loader. scx_has_enum(scx_enq_flags, SCX_ENQ_IMMED) says whether the kernel knows one.
 */
#ifndef __SCXKIT_ENUMS_H
#define __SCXKIT_ENUMS_H

#include <scxkit/types.h>

#ifndef __VMLINUX_H__

enum scx_public_consts {
	SCX_OPS_NAME_LEN = 128ULL,
	SCX_SLICE_DFL = 20ULL * 1000 * 1000, /* ns */
	SCX_SLICE_INF = ~0ULL,		     /* runs without a tick until it stops by itself */
};

enum scx_dsq_id_flags {
	SCX_DSQ_FLAG_BUILTIN = 1ULL << 63,
	SCX_DSQ_FLAG_LOCAL_ON = 1ULL << 62,
	SCX_DSQ_INVALID = 1ULL << 63,
	SCX_DSQ_GLOBAL = 1ULL << 63 | 1,
	SCX_DSQ_LOCAL = 1ULL << 63 | 2,
	SCX_DSQ_LOCAL_ON = 3ULL << 62, /* | CPU */
	SCX_DSQ_LOCAL_CPU_MASK = 0xffffffffULL,
};

enum scx_ops_flags {
	SCX_OPS_KEEP_BUILTIN_IDLE = 1ULL << 0,
	SCX_OPS_ENQ_LAST = 1ULL << 1,
	SCX_OPS_ENQ_EXITING = 1ULL << 2,
	SCX_OPS_SWITCH_PARTIAL = 1ULL << 3,
	SCX_OPS_ENQ_MIGRATION_DISABLED = 1ULL << 4,
	SCX_OPS_ALLOW_QUEUED_WAKEUP = 1ULL << 5,
	SCX_OPS_BUILTIN_IDLE_PER_NODE = 1ULL << 6,
	SCX_OPS_ALWAYS_ENQ_IMMED = 1ULL << 7, /* not in 6.18, which refuses it; in 7.2 */
	SCX_OPS_TID_TO_TASK = 1ULL << 8,      /* from 7.2 on; older kernels refuse it */
};

/* What an exit code says above the 32 bits that are the scheduler's own. */
enum scx_exit_code {
	SCX_ECODE_RSN_HOTPLUG = 1ULL << 32,
	SCX_ECODE_RSN_CGROUP_OFFLINE = 2ULL << 32, /* not in 6.18; in 7.2 */
	SCX_ECODE_ACT_RESTART = 1ULL << 48,
};

/* For scx_bpf_cpuperf_set(). */
enum {
	SCX_CPUPERF_ONE = 1024,
};

/* For bpf_for_each(scx_dsq, …). */
enum scx_dsq_iter_flags {
	SCX_DSQ_ITER_REV = 1U << 16,
};

/* Only the names matter from here on: the values are placeholders for the kernel's. */
enum scx_enq_flags___scxkit {
	SCX_ENQ_WAKEUP___scxkit = 1,
	SCX_ENQ_HEAD___scxkit,
	SCX_ENQ_CPU_SELECTED___scxkit,
	SCX_ENQ_PREEMPT___scxkit,
	SCX_ENQ_IMMED___scxkit,
	SCX_ENQ_REENQ___scxkit,
	SCX_ENQ_LAST___scxkit,
};

enum scx_deq_flags___scxkit {
	SCX_DEQ_SLEEP___scxkit = 1,
	SCX_DEQ_CORE_SCHED_EXEC___scxkit,
	SCX_DEQ_SCHED_CHANGE___scxkit,
};

enum scx_wake_flags___scxkit {
	SCX_WAKE_FORK___scxkit = 1,
	SCX_WAKE_TTWU___scxkit,
	SCX_WAKE_SYNC___scxkit,
};

enum scx_pick_idle_cpu_flags___scxkit {
	SCX_PICK_IDLE_CORE___scxkit = 1,
	SCX_PICK_IDLE_IN_NODE___scxkit,
};

enum scx_kick_flags___scxkit {
	SCX_KICK_IDLE___scxkit = 1,
	SCX_KICK_PREEMPT___scxkit,
	SCX_KICK_WAIT___scxkit,
};

#define scx_has_enum(__type, __name) \
	bpf_core_enum_value_exists(enum __type##___scxkit, __name##___scxkit)

#define __scx_enum(__type, __name)                               \
	(bpf_core_enum_value_exists(enum __type, __name) ?       \
		 (u64)bpf_core_enum_value(enum __type, __name) : \
		 0)

#define SCX_ENQ_WAKEUP	     __scx_enum(scx_enq_flags___scxkit, SCX_ENQ_WAKEUP___scxkit)
#define SCX_ENQ_HEAD	     __scx_enum(scx_enq_flags___scxkit, SCX_ENQ_HEAD___scxkit)
#define SCX_ENQ_CPU_SELECTED __scx_enum(scx_enq_flags___scxkit, SCX_ENQ_CPU_SELECTED___scxkit)
#define SCX_ENQ_PREEMPT	     __scx_enum(scx_enq_flags___scxkit, SCX_ENQ_PREEMPT___scxkit)
#define SCX_ENQ_IMMED	     __scx_enum(scx_enq_flags___scxkit, SCX_ENQ_IMMED___scxkit)
#define SCX_ENQ_REENQ	     __scx_enum(scx_enq_flags___scxkit, SCX_ENQ_REENQ___scxkit)
#define SCX_ENQ_LAST	     __scx_enum(scx_enq_flags___scxkit, SCX_ENQ_LAST___scxkit)

#define SCX_DEQ_SLEEP		__scx_enum(scx_deq_flags___scxkit, SCX_DEQ_SLEEP___scxkit)
#define SCX_DEQ_CORE_SCHED_EXEC __scx_enum(scx_deq_flags___scxkit, SCX_DEQ_CORE_SCHED_EXEC___scxkit)
#define SCX_DEQ_SCHED_CHANGE	__scx_enum(scx_deq_flags___scxkit, SCX_DEQ_SCHED_CHANGE___scxkit)

#define SCX_WAKE_FORK __scx_enum(scx_wake_flags___scxkit, SCX_WAKE_FORK___scxkit)
#define SCX_WAKE_TTWU __scx_enum(scx_wake_flags___scxkit, SCX_WAKE_TTWU___scxkit)
#define SCX_WAKE_SYNC __scx_enum(scx_wake_flags___scxkit, SCX_WAKE_SYNC___scxkit)

#define SCX_PICK_IDLE_CORE __scx_enum(scx_pick_idle_cpu_flags___scxkit, SCX_PICK_IDLE_CORE___scxkit)
#define SCX_PICK_IDLE_IN_NODE \
	__scx_enum(scx_pick_idle_cpu_flags___scxkit, SCX_PICK_IDLE_IN_NODE___scxkit)

#define SCX_KICK_IDLE	 __scx_enum(scx_kick_flags___scxkit, SCX_KICK_IDLE___scxkit)
#define SCX_KICK_PREEMPT __scx_enum(scx_kick_flags___scxkit, SCX_KICK_PREEMPT___scxkit)
#define SCX_KICK_WAIT	 __scx_enum(scx_kick_flags___scxkit, SCX_KICK_WAIT___scxkit)

#endif /* __VMLINUX_H__ */
#endif /* __SCXKIT_ENUMS_H */
