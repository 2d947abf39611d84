// SPDX-License-Identifier: GPL-2.0-only
/*
 * Statistics of which only the look says what they are: rows that are no CPUs', and integers that
 * are too small to be taken for counters. No scheduler: loads on Linux 5.19 and newer.
 */
#include <scxkit/types.h>
#include <bpf/bpf_helpers.h>

char _license[] SEC("license") = "GPL";

/* A row for each layer, and as many as there may be CPUs. */
u64 layer_stats[64][4];

/* More than anybody adds up on a guess. */
struct many {
	u64 words[1030];
};
struct many many_stats[64];

/* Small ones only. */
u32 drop_stats[4];
u32 nr_drops;

/* Neither counts anything. */
bool stats_on;
double load_stats;

struct cpu_ctx {
	u64 now;
	u32 miss_cnt;
	struct {
		u64 far;
		u16 near[2];
	} lstats;
	bool stats_dirty;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct cpu_ctx);
} cpu_ctxs SEC(".maps");

struct count_args {
	u64 row;
	u64 n;
};

SEC("syscall")
int count_row(struct count_args *args)
{
	u32 zero = 0;
	u64 row = args->row, n = args->n;
	struct cpu_ctx *ctx = bpf_map_lookup_elem(&cpu_ctxs, &zero);

	if (!ctx || row >= 64)
		return -EINVAL;
	ctx->now += n;
	ctx->miss_cnt += n;
	ctx->lstats.far += n;
	ctx->lstats.near[1] += n;
	ctx->stats_dirty = true;
	layer_stats[row][1] += n;
	many_stats[row].words[7] += n;
	drop_stats[row & 3] += n;
	nr_drops += n;
	stats_on = true;
	return 0;
}
