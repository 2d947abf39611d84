// SPDX-License-Identifier: GPL-2.0-only
/*
 * Keeps something in every kind of memory that a loader can bring back to what it was, and fails
 * when it finds something from an earlier time.
 */
#include <scxkit/scx.h>

SCX_LICENSE();
SCX_EXIT_DEFINE(uei);

/* Fails by scx_bpf_error() at the task with this number, counted from 1. */
u64 fail_at = 0;

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__type(key, u32);
	__type(value, u64);
} hash SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 3);
	__type(key, u32);
	__type(value, u64);
} array SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_QUEUE);
	__uint(max_entries, 8);
	__type(value, u64);
} queue SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, u64);
} storage SEC(".maps");

SCX_STATS(memory_stats,
	SCX_COUNTER(enqueued, "tasks enqueued")
);

u64 in_data = 7;
static u64 in_bss;
struct bpf_spin_lock lock SEC(".bss.locked");
static u64 guarded SEC(".bss.locked");

s32 SCX_OPS_SLEEPABLE(memory_init_task, struct task_struct *p, struct scx_init_task_args *args)
{
	u64 *found = bpf_task_storage_get(&storage, p, 0, 0);

	if (found) {
		scx_bpf_error("task %d still has its storage", p->pid);
		return -17;
	}
	bpf_task_storage_get(&storage, p, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
	return 0;
}

void SCX_OPS(memory_enqueue, struct task_struct *p, u64 enq_flags)
{
	u64 n = __sync_fetch_and_add(&in_bss, 1) + 1;

	scx_stat_inc(enqueued);
	scx_bpf_dsq_insert(p, SCX_DSQ_GLOBAL, SCX_SLICE_DFL, enq_flags);
	if (n == fail_at)
		scx_bpf_error("failed as it was told");
}

s32 SCX_OPS_SLEEPABLE(memory_init)
{
	u32 key = 2;
	u64 one = 1, taken;
	u64 *slot = bpf_map_lookup_elem(&array, &key);

	if (bpf_map_lookup_elem(&hash, &key))
		scx_bpf_error("the hash still has its entry");
	if (!slot || *slot)
		scx_bpf_error("the array still has its value");
	if (!bpf_map_peek_elem(&queue, &taken))
		scx_bpf_error("the queue still has its element");
	bpf_spin_lock(&lock);
	taken = guarded;
	guarded = 1;
	bpf_spin_unlock(&lock);
	if (in_data != 7 || in_bss || taken)
		scx_bpf_error("globals are %llu, %llu, %llu", in_data, in_bss, taken);
	bpf_map_update_elem(&hash, &key, &one, BPF_ANY);
	bpf_map_push_elem(&queue, &one, BPF_ANY);
	if (slot)
		*slot = 1;
	in_data = 8;
	return 0;
}

void SCX_OPS_SLEEPABLE(memory_exit, struct scx_exit_info *ei)
{
	SCX_EXIT_RECORD(uei, ei);
}

SCX_OPS_DEFINE(memory_ops,
	.enqueue = (void *)memory_enqueue,
	.init_task = (void *)memory_init_task,
	.init = (void *)memory_init,
	.exit = (void *)memory_exit,
	.name = "memory",
);
