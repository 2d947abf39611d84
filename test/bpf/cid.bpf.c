// SPDX-License-Identifier: GPL-2.0-only
/*
 * A scheduler in two forms: the one that every kernel takes, and the one of Linux 7.2, which counts
 * CPUs in the order of the machine's topology.
 */
#include <scxkit/scx.h>

SCX_LICENSE();
SCX_EXIT_DEFINE(uei);

/* From 7.2 on; as far as it is used here. */
struct sched_ext_ops_cid {
	s32 (*select_cid)(struct task_struct *p, s32 prev_cid, u64 wake_flags);
	void (*enqueue)(struct task_struct *p, u64 enq_flags);
	void (*dispatch)(s32 cid, struct task_struct *prev);
	void (*cid_online)(s32 cid);
	s32 (*init)(void);
	void (*exit)(struct scx_exit_info *info);
	void (*not_in_any_kernel)(void);
	u64 flags;
	u32 timeout_ms;
	u32 exit_dump_len;
	u64 hotplug_seq;
	char name[128];
};

/* The kernel takes that form only of a scheduler that uses an arena. */
struct {
	__uint(type, BPF_MAP_TYPE_ARENA);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1024); /* pages; of one alone the kernel says -ENOMEM */
	__ulong(map_extra, 1ull << 44);
} arena SEC(".maps");

u32 scx_bpf_nr_cids(void) __ksym __weak;

/* Of a length that the loader knows, each in a section of its own. */
u64 by_cpu[1] SEC(".data.by_cpu");
const volatile bool known[1] SEC(".rodata.known") = {true};

/* How many elements they have. */
const volatile u32 nr_arrays = 1;

u64 nr_enqueued;
u32 nr_cids;

void SCX_OPS(cid_enqueue, struct task_struct *p, u64 enq_flags)
{
	u64 *counts = by_cpu;

	asm volatile("" : "+r"(counts)); /* the compiler believes in one element */
	if (known[0])
		counts[nr_arrays - 1]++;
	__sync_fetch_and_add(&nr_enqueued, 1);
	scx_bpf_dsq_insert(p, SCX_DSQ_GLOBAL, SCX_SLICE_DFL, enq_flags);
}

s32 SCX_OPS_SLEEPABLE(cid_init)
{
	asm volatile("" ::"r"(&arena)); /* to name it is enough */
	if (bpf_ksym_exists(scx_bpf_nr_cids))
		nr_cids = scx_bpf_nr_cids();
	return 0;
}

void SCX_OPS(cid_cid_online, s32 cid)
{
	nr_cids = cid;
}

void SCX_OPS(cid_missing)
{
}

void SCX_OPS_SLEEPABLE(cid_exit, struct scx_exit_info *ei)
{
	SCX_EXIT_RECORD(uei, ei);
}

SCX_OPS_DEFINE(cid_ops,
	.enqueue = (void *)cid_enqueue,
	.exit = (void *)cid_exit,
	.name = "cid_plain",
);

SEC(".struct_ops.link")
struct sched_ext_ops_cid cid_ops_cid = {
	.enqueue = (void *)cid_enqueue,
	.cid_online = (void *)cid_cid_online,
	.init = (void *)cid_init,
	.exit = (void *)cid_exit,
	.not_in_any_kernel = (void *)cid_missing,
	.name = "cid",
};
