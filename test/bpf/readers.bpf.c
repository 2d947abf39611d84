// SPDX-License-Identifier: GPL-2.0-only
/*
 * Statistics in every place where the schedulers of others keep them. No scheduler: loads on
 * Linux 5.19 and newer.
 */
#include <scxkit/types.h>
#include <bpf/bpf_helpers.h>

char _license[] SEC("license") = "GPL";

enum event {
	EVENT_WOKEN,
	EVENT_MOVED,
	EVENT_KEPT,
	NR_EVENTS,
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, NR_EVENTS);
	__type(key, u32);
	__type(value, u64);
} event_stats SEC(".maps");

struct place {
	u32 queued;
	s16 balance;
	struct {
		u64 moved[2][2];
	} far;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct place);
} place_stats SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, 8);
	__type(key, u32);
	__type(value, u64);
} pid_stats SEC(".maps");

struct use {
	u64 calls;
	s64 lag;
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_PERCPU_HASH);
	__uint(max_entries, 64);
	__type(key, s32);
	__type(value, struct use);
} use_stats SEC(".maps");

struct pair {
	char name[8];
	s32 node;
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 16);
	__type(key, struct pair);
	__type(value, u64);
} pair_counters SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 2);
	__type(key, u32);
	__type(value, u32);
} plain_cnt SEC(".maps");

/* Not statistics: not called so. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, u64);
} config SEC(".maps");

/* Called statistics, and nobody knows of what: not in BTF. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(key_size, sizeof(u32));
	__uint(value_size, 16);
} untyped_stats SEC(".maps");

/* Nothing of it can be counted. */
struct {
	__uint(type, BPF_MAP_TYPE_QUEUE);
	__uint(max_entries, 4);
	__type(value, u64);
} waiting SEC(".maps");

struct plain {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, u64);
} plain SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 1);
	__type(key, u32);
	__array(values, struct plain);
} maps SEC(".maps") = {
	.values = {&plain},
};

/* For a statistics map to tell: histograms as others have them, log2(value), for two kinds. */
struct latency {
	u64 sum[2];
	u64 slots[2][20];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct latency);
} latencies SEC(".maps");

/* Zeros, then ones. */
u32 depths[8];
u64 depth_sum;

/* By node, and not by CPU, though there are as many as there may be CPUs. */
u64 node_table[64][2];

/* What upstream's larger schedulers keep for each CPU: statistics among other things. */
enum cell_stat {
	CSTAT_LOCAL,
	CSTAT_CPU_RELEASED,
	CSTAT_BORROWED,
	CSTAT_STOLEN,
	NR_CSTATS,
};

struct cpu_ctx {
	u64 vtime_now;
	u32 cell;
	u64 gstats[2];
	u64 cstats[3][NR_CSTATS];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct cpu_ctx);
} cpu_ctxs SEC(".maps");

u64 nr_total;
s64 nr_delta;

/* A row for each CPU, in mapped memory. */
struct row {
	u64 local;
	u64 remote;
} __attribute__((aligned(64)));
struct row row_stats[1024];

struct args {
	u64 n;
	u64 key;
};

/* A function of its own, as the object's BTF has the enum only for what stays in it. */
static __noinline int count(enum event event, u64 n)
{
	u32 key = event;
	u64 *value = bpf_map_lookup_elem(&event_stats, &key);

	if (!value)
		return -ENOENT;
	*value += n;
	return 0;
}

SEC("syscall")
int count_event(struct args *args)
{
	return count(args->key, args->n);
}

SEC("syscall")
int count_place(struct args *args)
{
	u32 key = 0;
	struct place *place = bpf_map_lookup_elem(&place_stats, &key);

	if (!place)
		return -ENOENT;
	place->queued += args->n;
	place->balance -= args->n;
	place->far.moved[1][0] += args->n;
	return 0;
}

SEC("syscall")
int count_pid(struct args *args)
{
	u32 pid = args->key;
	u64 n = args->n;
	u64 *value = bpf_map_lookup_elem(&pid_stats, &pid);

	if (value)
		*value += n;
	else
		bpf_map_update_elem(&pid_stats, &pid, &n, BPF_ANY);
	return 0;
}

SEC("syscall")
int count_use(struct args *args)
{
	s32 key = args->key;
	struct use first = {.calls = args->n, .lag = -args->n};
	struct use *use = bpf_map_lookup_elem(&use_stats, &key);

	if (!use)
		return bpf_map_update_elem(&use_stats, &key, &first, BPF_NOEXIST);
	use->calls += args->n;
	use->lag -= args->n;
	return 0;
}

SEC("syscall")
int forget_pid(struct args *args)
{
	u32 pid = args->key;

	return bpf_map_delete_elem(&pid_stats, &pid);
}

SEC("syscall")
int count_rest(struct args *args)
{
	struct pair pair = {.name = "left", .node = -1};
	u32 cpu = bpf_get_smp_processor_id();
	u32 one = 1;
	u32 *plain = bpf_map_lookup_elem(&plain_cnt, &one);
	u64 n = args->n;

	bpf_map_update_elem(&pair_counters, &pair, &n, BPF_ANY);
	if (plain)
		*plain = n;
	if (cpu < 1024) {
		row_stats[cpu].local += n;
		row_stats[cpu].remote += 2 * n;
	}
	nr_total += n;
	nr_delta -= n;
	return bpf_map_lookup_elem(&config, &one) ? 1 : 0;
}

struct seen {
	u64 n;
	u32 kind;
	/* log2(n) */
	u32 slot;
};

SEC("syscall")
int observe(struct seen *seen)
{
	u32 zero = 0;
	u64 n = seen->n;
	u32 kind = seen->kind & 1;
	u32 slot = seen->slot;
	struct latency *latency = bpf_map_lookup_elem(&latencies, &zero);

	if (!latency)
		return -ENOENT;
	latency->sum[kind] += n;
	if (slot < 20)
		latency->slots[kind][slot]++;
	depths[n ? (slot + 1) & 7 : 0]++;
	depth_sum += n;
	node_table[5][1] += n;
	bpf_map_push_elem(&waiting, &n, BPF_ANY);
	return bpf_map_lookup_elem(&untyped_stats, &zero) ? 0 : 1;
}

static __noinline int count_cell_stat(u32 cell, enum cell_stat stat, u64 n)
{
	u32 zero = 0;
	struct cpu_ctx *ctx = bpf_map_lookup_elem(&cpu_ctxs, &zero);

	if (!ctx || cell >= 3 || stat >= NR_CSTATS)
		return -EINVAL;
	ctx->vtime_now += 1000;
	ctx->gstats[1] += 1;
	ctx->cstats[cell][stat] += n;
	return 0;
}

SEC("syscall")
int count_cell(struct args *args)
{
	return count_cell_stat(2, args->key, args->n);
}
