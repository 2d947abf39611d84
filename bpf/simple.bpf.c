// SPDX-License-Identifier: GPL-2.0-only
/*
 * simple: one queue for all CPUs.
 *
 * A task that wakes up while a CPU is idle goes there at once. All others wait in one shared
 * queue, from which each CPU takes its next task: in the order of arrival (fifo), or in the order
 * of virtual time, which is CPU time divided by weight, so that each gets its share.
 *
 * Fine for one socket with one cache; it knows nothing about caches or nodes.
 */
#include <scxkit/scx.h>

SCX_LICENSE();
SCX_EXIT_DEFINE(uei);

/* First in, first out, in place of weighted virtual time. */
const volatile bool fifo;

/* How long a task runs before the next one gets its turn. */
const volatile u64 slice_us = 20000;

SCX_STATS(simple_stats,
	SCX_COUNTER(local, "tasks put straight on the local queue of an idle CPU")
		SCX_LABEL(enqueued, "queue=local"),
	SCX_COUNTER(global, "tasks put on the shared queue") SCX_LABEL(enqueued, "queue=global"),
	SCX_COUNTER(dispatched, "tasks that a CPU took from the shared queue"),
	SCX_COUNTER(expired, "times that a task used up its slice, or yielded it"),
	SCX_GAUGE(busy, "CPUs that run a task now")
);

#define SHARED_DSQ 0

/* A nice-0 task's weight: its virtual time goes like the clock. */
#define WEIGHT_ONE 100

/* The latest virtual time at which a task began to run. Only goes forward. */
static u64 vtime_now;

/* CPU time that the task on this CPU had used up when it began to run. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, u64);
} run_start SEC(".maps");

static u64 slice_ns(void)
{
	return slice_us * 1000;
}

static u64 *this_run_start(void)
{
	u32 zero = 0;

	return bpf_map_lookup_elem(&run_start, &zero);
}

s32 SCX_OPS(simple_select_cpu, struct task_struct *p, s32 prev_cpu, u64 wake_flags)
{
	bool is_idle = false;
	s32 cpu = scx_bpf_select_cpu_dfl(p, prev_cpu, wake_flags, &is_idle);

	if (is_idle) {
		scx_stat_inc(local);
		scx_bpf_dsq_insert(p, SCX_DSQ_LOCAL, slice_ns(), 0);
	}
	return cpu;
}

void SCX_OPS(simple_enqueue, struct task_struct *p, u64 enq_flags)
{
	u64 vtime, earliest;

	scx_stat_inc(global);
	if (fifo) {
		scx_bpf_dsq_insert(p, SHARED_DSQ, slice_ns(), enq_flags);
		return;
	}

	/* Who slept long has not saved up more than one slice. */
	vtime = p->scx.dsq_vtime;
	earliest = vtime_now - slice_ns();
	if (scx_time_before(vtime, earliest))
		vtime = earliest;
	scx_bpf_dsq_insert_vtime(p, SHARED_DSQ, slice_ns(), vtime, enq_flags);
}

void SCX_OPS(simple_dispatch, s32 cpu, struct task_struct *prev)
{
	if (scx_bpf_dsq_move_to_local(SHARED_DSQ, 0))
		scx_stat_inc(dispatched);
}

void SCX_OPS(simple_running, struct task_struct *p)
{
	u64 vtime = p->scx.dsq_vtime, now = vtime_now;
	u64 *start = this_run_start();

	scx_stat_set(busy, 1);
	if (start)
		*start = p->se.sum_exec_runtime;

	/* If the exchange fails, another CPU has just moved it on. */
	if (scx_time_before(now, vtime))
		__sync_val_compare_and_swap(&vtime_now, now, vtime);
}

void SCX_OPS(simple_stopping, struct task_struct *p, bool runnable)
{
	u64 *start = this_run_start();
	u64 used = start ? p->se.sum_exec_runtime - *start : 0;

	scx_stat_set(busy, 0);
	if (runnable && !p->scx.slice) {
		scx_stat_inc(expired);
		/* Who yields has given away the rest of its slice. */
		if (used < slice_ns())
			used = slice_ns();
	}
	scx_bpf_task_set_dsq_vtime(p, p->scx.dsq_vtime + used * WEIGHT_ONE / p->scx.weight);
}

void SCX_OPS(simple_enable, struct task_struct *p)
{
	scx_bpf_task_set_dsq_vtime(p, vtime_now);
}

s32 SCX_OPS_SLEEPABLE(simple_init)
{
	return scx_bpf_create_dsq(SHARED_DSQ, -1);
}

void SCX_OPS_SLEEPABLE(simple_exit, struct scx_exit_info *ei)
{
	SCX_EXIT_RECORD(uei, ei);
}

SCX_OPS_DEFINE(simple_ops,
	.select_cpu = (void *)simple_select_cpu,
	.enqueue = (void *)simple_enqueue,
	.dispatch = (void *)simple_dispatch,
	.running = (void *)simple_running,
	.stopping = (void *)simple_stopping,
	.enable = (void *)simple_enable,
	.init = (void *)simple_init,
	.exit = (void *)simple_exit,
	.timeout_ms = 10000,
	.name = "simple",
);
