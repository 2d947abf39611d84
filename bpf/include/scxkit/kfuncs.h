/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The kernel functions that schedulers call, under one name for all kernels from 6.16 to 7.2.
 *
 * Most are just declared. Those that were renamed, got another signature, or came late are weak
 * and called through a wrapper that takes what the running kernel has; the choice is made when
 * the object is loaded and costs nothing afterwards.
 *
 * Weak also matters for kernels that know a function but can't call it: some builds (Debian's
 * 7.2.12 is one) leave the `aux` argument in the BTF of scx_bpf_kick_cpu(), scx_bpf_exit_bstr()
 * and of the functions that hand out idle masks, and a program that calls one of them without
 * a way round is refused. scx_can_*() says whether a call will do something.
 *
 * From ___ on, libbpf ignores the rest of a name when it looks for it in the kernel.
 */
#ifndef __SCXKIT_KFUNCS_H
#define __SCXKIT_KFUNCS_H

#include <scxkit/types.h>
#include <scxkit/kernel.h>
#include <scxkit/enums.h>

/*
 * Dispatch queues.
 */
s32 scx_bpf_create_dsq(u64 dsq_id, s32 node) __ksym;
void scx_bpf_destroy_dsq(u64 dsq_id) __ksym;
s32 scx_bpf_dsq_nr_queued(u64 dsq_id) __ksym;
u32 scx_bpf_dispatch_nr_slots(void) __ksym;
void scx_bpf_dispatch_cancel(void) __ksym;

/* bpf_for_each(scx_dsq, p, dsq_id, flags) walks a queue. */
int bpf_iter_scx_dsq_new(struct bpf_iter_scx_dsq *it, u64 dsq_id, u64 flags) __ksym __weak;
struct task_struct *bpf_iter_scx_dsq_next(struct bpf_iter_scx_dsq *it) __ksym __weak;
void bpf_iter_scx_dsq_destroy(struct bpf_iter_scx_dsq *it) __ksym __weak;

/* The iterator of the bpf_for_each() that the caller stands in, for scx_bpf_dsq_move*(). */
#define SCX_DSQ_ITER (&___it)

void scx_bpf_dsq_move_set_slice(struct bpf_iter_scx_dsq *it__iter, u64 slice) __ksym __weak;
void scx_bpf_dsq_move_set_vtime(struct bpf_iter_scx_dsq *it__iter, u64 vtime) __ksym __weak;
bool scx_bpf_dsq_move(struct bpf_iter_scx_dsq *it__iter, struct task_struct *p, u64 dsq_id,
		      u64 enq_flags) __ksym __weak;
bool scx_bpf_dsq_move_vtime(struct bpf_iter_scx_dsq *it__iter, struct task_struct *p, u64 dsq_id,
			    u64 enq_flags) __ksym __weak;

/* From 6.19 on; returns bool there. */
bool scx_bpf_dsq_insert___v2___scxkit(struct task_struct *p, u64 dsq_id, u64 slice, u64 enq_flags)
	__ksym __weak;
/* From 6.13 on. */
void scx_bpf_dsq_insert___scxkit(struct task_struct *p, u64 dsq_id, u64 slice, u64 enq_flags) __ksym
__weak;

/*
 * Put a task on a queue, at its end. Says false where the kernel can tell that it didn't (an
 * error is raised then), older kernels always say true.
 */
static __always_inline bool scx_bpf_dsq_insert(struct task_struct *p, u64 dsq_id, u64 slice,
					       u64 enq_flags)
{
	if (bpf_ksym_exists(scx_bpf_dsq_insert___v2___scxkit))
		return scx_bpf_dsq_insert___v2___scxkit(p, dsq_id, slice, enq_flags);
	scx_bpf_dsq_insert___scxkit(p, dsq_id, slice, enq_flags);
	return true;
}

/* From 6.19 on the numbers go in a struct; the kernel means to drop the other form later. */
struct scx_bpf_dsq_insert_vtime_args___scxkit {
	u64 dsq_id;
	u64 slice;
	u64 vtime;
	u64 enq_flags;
} __attribute__((preserve_access_index));

bool __scx_bpf_dsq_insert_vtime___scxkit(struct task_struct *p,
					 struct scx_bpf_dsq_insert_vtime_args___scxkit *args) __ksym
__weak;
void scx_bpf_dsq_insert_vtime___scxkit(struct task_struct *p, u64 dsq_id, u64 slice, u64 vtime,
				       u64 enq_flags) __ksym __weak;

/* Put a task on a queue of one's own, which is ordered by @vtime. */
static __always_inline bool scx_bpf_dsq_insert_vtime(struct task_struct *p, u64 dsq_id, u64 slice,
						     u64 vtime, u64 enq_flags)
{
	if (bpf_ksym_exists(__scx_bpf_dsq_insert_vtime___scxkit)) {
		struct scx_bpf_dsq_insert_vtime_args___scxkit args = {
			.dsq_id = dsq_id,
			.slice = slice,
			.vtime = vtime,
			.enq_flags = enq_flags,
		};

		return __scx_bpf_dsq_insert_vtime___scxkit(p, &args);
	}
	scx_bpf_dsq_insert_vtime___scxkit(p, dsq_id, slice, vtime, enq_flags);
	return true;
}

/* From 7.1 on with flags. */
bool scx_bpf_dsq_move_to_local___v2___scxkit(u64 dsq_id, u64 enq_flags) __ksym __weak;
bool scx_bpf_dsq_move_to_local___scxkit(u64 dsq_id) __ksym __weak;

/* In ops.dispatch(): move the first task that may run here to this CPU. False if none. */
static __always_inline bool scx_bpf_dsq_move_to_local(u64 dsq_id, u64 enq_flags)
{
	if (bpf_ksym_exists(scx_bpf_dsq_move_to_local___v2___scxkit))
		return scx_bpf_dsq_move_to_local___v2___scxkit(dsq_id, enq_flags);
	return scx_bpf_dsq_move_to_local___scxkit(dsq_id);
}

/*
 * CPUs.
 */
u32 scx_bpf_nr_cpu_ids(void) __ksym __weak;
u32 scx_bpf_nr_node_ids(void) __ksym __weak;
s32 scx_bpf_cpu_node(s32 cpu) __ksym __weak;
u32 scx_bpf_cpuperf_cap(s32 cpu) __ksym __weak;
u32 scx_bpf_cpuperf_cur(s32 cpu) __ksym __weak;
void scx_bpf_cpuperf_set(s32 cpu, u32 perf) __ksym __weak;
struct rq *scx_bpf_cpu_rq(s32 cpu) __ksym __weak;
/* From 6.18 on. */
struct task_struct *scx_bpf_cpu_curr(s32 cpu) __ksym __weak;

const struct cpumask *scx_bpf_get_possible_cpumask(void) __ksym __weak;
const struct cpumask *scx_bpf_get_online_cpumask(void) __ksym __weak;
void scx_bpf_put_cpumask(const struct cpumask *cpumask) __ksym __weak;
const struct cpumask *scx_bpf_get_idle_cpumask(void) __ksym __weak;
const struct cpumask *scx_bpf_get_idle_smtmask(void) __ksym __weak;
void scx_bpf_put_idle_cpumask(const struct cpumask *cpumask) __ksym __weak;

s32 scx_bpf_select_cpu_dfl(struct task_struct *p, s32 prev_cpu, u64 wake_flags, bool *is_idle)
	__ksym;
bool scx_bpf_test_and_clear_cpu_idle(s32 cpu) __ksym;
s32 scx_bpf_pick_idle_cpu(const struct cpumask *cpus_allowed, u64 flags) __ksym;
s32 scx_bpf_pick_any_cpu(const struct cpumask *cpus_allowed, u64 flags) __ksym;
s32 scx_bpf_pick_idle_cpu_node(const struct cpumask *cpus_allowed, s32 node, u64 flags) __ksym
__weak;
s32 scx_bpf_pick_any_cpu_node(const struct cpumask *cpus_allowed, s32 node, u64 flags) __ksym
__weak;

void scx_bpf_kick_cpu___scxkit(s32 cpu, u64 flags) __ksym __weak;

#define scx_can_kick_cpu() bpf_ksym_exists(scx_bpf_kick_cpu___scxkit)

static __always_inline void scx_bpf_kick_cpu(s32 cpu, u64 flags)
{
	if (bpf_ksym_exists(scx_bpf_kick_cpu___scxkit))
		scx_bpf_kick_cpu___scxkit(cpu, flags);
}

/*
 * Tasks.
 */
bool scx_bpf_task_running(const struct task_struct *p) __ksym;
s32 scx_bpf_task_cpu(const struct task_struct *p) __ksym;
/* With CONFIG_CGROUP_SCHED. Release it by bpf_cgroup_release(). */
struct cgroup *scx_bpf_task_cgroup(struct task_struct *p) __ksym __weak;
struct task_struct *bpf_task_from_pid(s32 pid) __ksym __weak;
struct task_struct *bpf_task_acquire(struct task_struct *p) __ksym __weak;
void bpf_task_release(struct task_struct *p) __ksym __weak;
struct cgroup *bpf_cgroup_from_id(u64 cgid) __ksym __weak;
struct cgroup *bpf_cgroup_ancestor(struct cgroup *cgrp, int level) __ksym __weak;
void bpf_cgroup_release(struct cgroup *cgrp) __ksym __weak;
void bpf_rcu_read_lock(void) __ksym __weak;
void bpf_rcu_read_unlock(void) __ksym __weak;

bool bpf_cpumask_test_cpu(u32 cpu, const struct cpumask *cpumask) __ksym __weak;
bool bpf_cpumask_empty(const struct cpumask *cpumask) __ksym __weak;
bool bpf_cpumask_intersects(const struct cpumask *a, const struct cpumask *b) __ksym __weak;
bool bpf_cpumask_subset(const struct cpumask *a, const struct cpumask *b) __ksym __weak;
u32 bpf_cpumask_first(const struct cpumask *cpumask) __ksym __weak;
u32 bpf_cpumask_weight(const struct cpumask *cpumask) __ksym __weak;
struct bpf_cpumask *bpf_cpumask_create(void) __ksym __weak;
void bpf_cpumask_release(struct bpf_cpumask *cpumask) __ksym __weak;
void bpf_cpumask_set_cpu(u32 cpu, struct bpf_cpumask *cpumask) __ksym __weak;
void bpf_cpumask_clear_cpu(u32 cpu, struct bpf_cpumask *cpumask) __ksym __weak;
void bpf_cpumask_copy(struct bpf_cpumask *dst, const struct cpumask *src) __ksym __weak;
bool bpf_cpumask_and(struct bpf_cpumask *dst, const struct cpumask *a, const struct cpumask *b)
	__ksym __weak;

/* From 6.19 on; writing the fields is deprecated from then on, and the only way before. */
bool scx_bpf_task_set_slice___scxkit(struct task_struct *p, u64 slice) __ksym __weak;
bool scx_bpf_task_set_dsq_vtime___scxkit(struct task_struct *p, u64 vtime) __ksym __weak;

static __always_inline void scx_bpf_task_set_slice(struct task_struct *p, u64 slice)
{
	if (bpf_ksym_exists(scx_bpf_task_set_slice___scxkit))
		scx_bpf_task_set_slice___scxkit(p, slice);
	else
		p->scx.slice = slice;
}

static __always_inline void scx_bpf_task_set_dsq_vtime(struct task_struct *p, u64 vtime)
{
	if (bpf_ksym_exists(scx_bpf_task_set_dsq_vtime___scxkit))
		scx_bpf_task_set_dsq_vtime___scxkit(p, vtime);
	else
		p->scx.dsq_vtime = vtime;
}

/*
 * Time: the run queue's clock where it is fresh, else the CPU's. ns, from 6.14 on.
 */
u64 scx_bpf_now(void) __ksym __weak;

/* a is before b, for virtual times that wrap around. */
static __always_inline bool scx_time_before(u64 a, u64 b)
{
	return (s64)(a - b) < 0;
}

/*
 * Leaving, failing, and adding to the debug dump, printf-like. The format is that of
 * bpf_snprintf(), with up to 12 arguments.
 */
void scx_bpf_error_bstr(char *fmt, unsigned long long *data, u32 data__sz) __ksym;
void scx_bpf_dump_bstr(char *fmt, unsigned long long *data, u32 data__sz) __ksym __weak;
void scx_bpf_exit_bstr___scxkit(s64 exit_code, char *fmt, unsigned long long *data, u32 data__sz)
	__ksym __weak;

#define scx_can_exit() bpf_ksym_exists(scx_bpf_exit_bstr___scxkit)

static inline __attribute__((format(printf, 1, 2))) void
__scx_check_format(const char *fmt __scx_unused, ...)
{
}

/* Run @__call with __fmt, __args and sizeof(__args) set up. One slot at least: no empty array. */
#define __scx_format(__call, __format, args...)                           \
	({                                                                \
		static char __fmt[] = __format;                           \
		unsigned long long __args[___bpf_narg(args) ?: 1] = {};   \
		_Pragma("clang diagnostic push");                         \
		_Pragma("clang diagnostic ignored \"-Wint-conversion\""); \
		___bpf_fill(__args, args);                                \
		_Pragma("clang diagnostic pop");                          \
		__call;                                                   \
		__scx_check_format(__format, ##args);                     \
	})

/* The scheduler has failed and is thrown out; the text ends up in the exit information. */
#define scx_bpf_error(__format, args...) \
	__scx_format(scx_bpf_error_bstr(__fmt, __args, sizeof(__args)), __format, ##args)

/*
 * The scheduler leaves in good order, with a code of its own in the lower 32 bits (and perhaps
 * SCX_ECODE_ACT_RESTART). On a kernel that can't, it leaves by an error that carries the text.
 */
#define scx_bpf_exit(__code, __format, args...)                                                  \
	__scx_format(bpf_ksym_exists(scx_bpf_exit_bstr___scxkit) ?                               \
			     scx_bpf_exit_bstr___scxkit(__code, __fmt, __args, sizeof(__args)) : \
			     scx_bpf_error_bstr(__fmt, __args, sizeof(__args)),                  \
		     __format, ##args)

/* In ops.dump() and its relatives: one more line, or part of it, of the debug dump. */
#define scx_bpf_dump(__format, args...) \
	__scx_format(scx_bpf_dump_bstr(__fmt, __args, sizeof(__args)), __format, ##args)

#endif /* __SCXKIT_KFUNCS_H */
