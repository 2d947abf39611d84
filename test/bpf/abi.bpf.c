// SPDX-License-Identifier: GPL-2.0-only
/*
 * Asks the running kernel whether scxkit's headers are right about it. Loads wherever sched_ext
 * is.
 */
#include <scxkit/scx.h>

SCX_LICENSE();

struct abi {
	u64 checked; /* constants that this kernel has */
	u64 wrong;   /* of those, bit by bit in the order below, the ones with another value */
	u64 enq_head, enq_cpu_selected, enq_preempt, enq_immed, enq_reenq, enq_last;
	u64 deq_sleep, deq_core_sched_exec, deq_sched_change;
	u64 wake_fork, wake_ttwu, wake_sync;
	u64 pick_idle_core, kick_idle, kick_preempt, kick_wait;
	u64 insert_v2, insert_v1, insert_vtime_args, insert_vtime_v1, move_v2, move_v1;
	u64 kick_cpu, exit, set_slice, set_dsq_vtime, now, idle_cpumask;
};

#define PUBLIC(X)                                        \
	X(scx_public_consts, SCX_OPS_NAME_LEN)           \
	X(scx_public_consts, SCX_SLICE_DFL)              \
	X(scx_public_consts, SCX_SLICE_INF)              \
	X(scx_dsq_id_flags, SCX_DSQ_FLAG_BUILTIN)        \
	X(scx_dsq_id_flags, SCX_DSQ_FLAG_LOCAL_ON)       \
	X(scx_dsq_id_flags, SCX_DSQ_INVALID)             \
	X(scx_dsq_id_flags, SCX_DSQ_GLOBAL)              \
	X(scx_dsq_id_flags, SCX_DSQ_LOCAL)               \
	X(scx_dsq_id_flags, SCX_DSQ_LOCAL_ON)            \
	X(scx_dsq_id_flags, SCX_DSQ_LOCAL_CPU_MASK)      \
	X(scx_ops_flags, SCX_OPS_KEEP_BUILTIN_IDLE)      \
	X(scx_ops_flags, SCX_OPS_ENQ_LAST)               \
	X(scx_ops_flags, SCX_OPS_ENQ_EXITING)            \
	X(scx_ops_flags, SCX_OPS_SWITCH_PARTIAL)         \
	X(scx_ops_flags, SCX_OPS_ENQ_MIGRATION_DISABLED) \
	X(scx_ops_flags, SCX_OPS_ALLOW_QUEUED_WAKEUP)    \
	X(scx_ops_flags, SCX_OPS_BUILTIN_IDLE_PER_NODE)  \
	X(scx_ops_flags, SCX_OPS_ALWAYS_ENQ_IMMED)       \
	X(scx_ops_flags, SCX_OPS_TID_TO_TASK)            \
	X(scx_exit_kind, SCX_EXIT_DONE)                  \
	X(scx_exit_kind, SCX_EXIT_UNREG)                 \
	X(scx_exit_kind, SCX_EXIT_UNREG_BPF)             \
	X(scx_exit_kind, SCX_EXIT_UNREG_KERN)            \
	X(scx_exit_kind, SCX_EXIT_SYSRQ)                 \
	X(scx_exit_kind, SCX_EXIT_PARENT)                \
	X(scx_exit_kind, SCX_EXIT_ERROR)                 \
	X(scx_exit_kind, SCX_EXIT_ERROR_BPF)             \
	X(scx_exit_kind, SCX_EXIT_ERROR_STALL)           \
	X(scx_exit_code, SCX_ECODE_RSN_HOTPLUG)          \
	X(scx_exit_code, SCX_ECODE_RSN_CGROUP_OFFLINE)   \
	X(scx_exit_code, SCX_ECODE_ACT_RESTART)          \
	X(scx_dsq_iter_flags, SCX_DSQ_ITER_REV)

#define CHECK(__type, __name)                                                     \
	if (bpf_core_enum_value_exists(enum __type, __name)) {                    \
		checked++;                                                        \
		if ((u64)bpf_core_enum_value(enum __type, __name) != (u64)__name) \
			wrong |= bit;                                             \
	}                                                                         \
	bit <<= 1;

SEC("syscall")
int check_abi(struct abi *abi)
{
	u64 checked = 0, wrong = 0, bit = 1;

	PUBLIC(CHECK)
	abi->checked = checked;
	abi->wrong = wrong;

	abi->enq_head = SCX_ENQ_HEAD;
	abi->enq_cpu_selected = SCX_ENQ_CPU_SELECTED;
	abi->enq_preempt = SCX_ENQ_PREEMPT;
	abi->enq_immed = SCX_ENQ_IMMED;
	abi->enq_reenq = SCX_ENQ_REENQ;
	abi->enq_last = SCX_ENQ_LAST;
	abi->deq_sleep = SCX_DEQ_SLEEP;
	abi->deq_core_sched_exec = SCX_DEQ_CORE_SCHED_EXEC;
	abi->deq_sched_change = SCX_DEQ_SCHED_CHANGE;
	abi->wake_fork = SCX_WAKE_FORK;
	abi->wake_ttwu = SCX_WAKE_TTWU;
	abi->wake_sync = SCX_WAKE_SYNC;
	abi->pick_idle_core = SCX_PICK_IDLE_CORE;
	abi->kick_idle = SCX_KICK_IDLE;
	abi->kick_preempt = SCX_KICK_PREEMPT;
	abi->kick_wait = SCX_KICK_WAIT;

	abi->insert_v2 = bpf_ksym_exists(scx_bpf_dsq_insert___v2___scxkit);
	abi->insert_v1 = bpf_ksym_exists(scx_bpf_dsq_insert___scxkit);
	abi->insert_vtime_args = bpf_ksym_exists(__scx_bpf_dsq_insert_vtime___scxkit);
	abi->insert_vtime_v1 = bpf_ksym_exists(scx_bpf_dsq_insert_vtime___scxkit);
	abi->move_v2 = bpf_ksym_exists(scx_bpf_dsq_move_to_local___v2___scxkit);
	abi->move_v1 = bpf_ksym_exists(scx_bpf_dsq_move_to_local___scxkit);
	abi->kick_cpu = scx_can_kick_cpu();
	abi->exit = scx_can_exit();
	abi->set_slice = bpf_ksym_exists(scx_bpf_task_set_slice___scxkit);
	abi->set_dsq_vtime = bpf_ksym_exists(scx_bpf_task_set_dsq_vtime___scxkit);
	abi->now = bpf_ksym_exists(scx_bpf_now);
	abi->idle_cpumask = bpf_ksym_exists(scx_bpf_get_idle_cpumask);
	return 0;
}
