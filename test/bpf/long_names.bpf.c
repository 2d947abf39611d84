// SPDX-License-Identifier: GPL-2.0-only
/*
 * A scheduler whose statistics are in maps with names that are longer than the kernel keeps them,
 * some of them used by a program beside it only.
 */
#include <scxkit/scx.h>

SCX_LICENSE();
SCX_EXIT_DEFINE(uei);

enum latency_stat {
	LATENCY_STAT_SHORT,
	LATENCY_STAT_LONG,
	LATENCY_STAT_ENDLESS,
	NR_LATENCY_STATS,
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, NR_LATENCY_STATS);
	__type(key, u32);
	__type(value, u64);
} cpu_latency_stats SEC(".maps");

/* Two that the kernel calls the same, and that have other types. */
struct place {
	u64 near;
	u64 far;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct place);
} enqueue_place_stats SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, u64);
} enqueue_place_state SEC(".maps");

/* Two of which nobody can tell then which is which. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, u64);
} dispatch_queue_stats SEC(".maps"), dispatch_queue_counters SEC(".maps");

/* As long as the kernel keeps it. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, u64);
} fifteen_metrics SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, u64);
} context_switch_stats SEC(".maps");

/* Nothing has a type: whose it is, only the program that uses it tells. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__uint(key_size, sizeof(u32));
	__uint(value_size, sizeof(u64));
} context_wakeup_cnt SEC(".maps");

static __always_inline void add(void *map, u32 key)
{
	u64 *count = bpf_map_lookup_elem(map, &key);

	if (count)
		*count += 1;
}

static __noinline int observe(enum latency_stat stat)
{
	add(&cpu_latency_stats, stat);
	return 0;
}

SEC("tp_btf/sched_switch")
int BPF_PROG(long_names_switch)
{
	add(&context_switch_stats, 0);
	return 0;
}

SEC("tp_btf/sched_wakeup")
int BPF_PROG(long_names_wakeup)
{
	add(&context_wakeup_cnt, 0);
	return 0;
}

void SCX_OPS(long_names_enqueue, struct task_struct *p, u64 enq_flags)
{
	u32 zero = 0;
	struct place *place = bpf_map_lookup_elem(&enqueue_place_stats, &zero);

	if (place)
		place->far += 1;
	observe(p->pid & 1);
	add(&enqueue_place_state, zero);
	add(&fifteen_metrics, zero);
	add(&dispatch_queue_stats, zero);
	add(&dispatch_queue_counters, zero);
	scx_bpf_dsq_insert(p, SCX_DSQ_GLOBAL, SCX_SLICE_DFL, enq_flags);
}

void SCX_OPS_SLEEPABLE(long_names_exit, struct scx_exit_info *ei)
{
	SCX_EXIT_RECORD(uei, ei);
}

SCX_OPS_DEFINE(long_names_ops,
	.enqueue = (void *)long_names_enqueue,
	.exit = (void *)long_names_exit,
	.name = "long_names",
);
