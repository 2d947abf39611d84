// SPDX-License-Identifier: GPL-2.0-only
/*
 * A scheduler with programs beside it, which have to be attached before it begins and to go when
 * it does.
 */
#include <scxkit/scx.h>

SCX_LICENSE();
SCX_EXIT_DEFINE(uei);

u64 nr_switches, nr_execs, nr_wakeups, nr_sleeps, nr_never;

/* How many switches had been seen when the scheduler began. */
u64 switches_at_init;

SEC("tp_btf/sched_switch")
int BPF_PROG(companions_switch)
{
	__sync_fetch_and_add(&nr_switches, 1);
	return 0;
}

SEC("tp/sched/sched_process_exec")
int companions_exec(void *ctx __scx_unused)
{
	__sync_fetch_and_add(&nr_execs, 1);
	return 0;
}

SEC("raw_tp/sched_wakeup")
int companions_wakeup(void *ctx __scx_unused)
{
	__sync_fetch_and_add(&nr_wakeups, 1);
	return 0;
}

SEC("kprobe/do_nanosleep")
int companions_sleep(void *ctx __scx_unused)
{
	__sync_fetch_and_add(&nr_sleeps, 1);
	return 0;
}

/* Not loaded, so nobody minds that there is no such thing. */
SEC("?fentry/scxkit_no_such_function")
int BPF_PROG(companions_optional)
{
	return 0;
}

/* Has nothing that it could be attached to. */
SEC("kprobe")
int companions_unbound(void *ctx __scx_unused)
{
	__sync_fetch_and_add(&nr_never, 1);
	return 0;
}

SEC("syscall")
int companions_call(void *ctx __scx_unused)
{
	__sync_fetch_and_add(&nr_never, 1);
	return 0;
}

void SCX_OPS(companions_enqueue, struct task_struct *p, u64 enq_flags)
{
	scx_bpf_dsq_insert(p, SCX_DSQ_GLOBAL, SCX_SLICE_DFL, enq_flags);
}

s32 SCX_OPS_SLEEPABLE(companions_init)
{
	switches_at_init = nr_switches;
	return 0;
}

void SCX_OPS_SLEEPABLE(companions_exit, struct scx_exit_info *ei)
{
	SCX_EXIT_RECORD(uei, ei);
}

SCX_OPS_DEFINE(companions_ops,
	.enqueue = (void *)companions_enqueue,
	.init = (void *)companions_init,
	.exit = (void *)companions_exit,
	.name = "companions",
);
