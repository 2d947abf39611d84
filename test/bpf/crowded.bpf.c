// SPDX-License-Identifier: GPL-2.0-only
/*
 * A hash of the largest values that there may be for each CPU, whose keys' buckets can be told: as
 * many as somebody likes may be in one of them.
 */
#include <scxkit/types.h>
#include <bpf/bpf_helpers.h>

char _license[] SEC("license") = "GPL";

#define BPF_F_ZERO_SEED (1U << 6)

struct large {
	u64 hits;
	union {
		char bytes[32768 - sizeof(u64)];
	} rest;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(map_flags, BPF_F_ZERO_SEED);
	__uint(max_entries, 16);
	__type(key, u32);
	__type(value, struct large);
} large_stats SEC(".maps");

/* What is too large for the stack. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct large);
} empty SEC(".maps");

struct args {
	u64 n;
	u64 key;
};

SEC("syscall")
int count_large(struct args *args)
{
	u32 key = args->key, zero = 0;
	struct large *large = bpf_map_lookup_elem(&large_stats, &key);
	struct large *none = bpf_map_lookup_elem(&empty, &zero);

	if (!large && none) {
		bpf_map_update_elem(&large_stats, &key, none, BPF_NOEXIST);
		large = bpf_map_lookup_elem(&large_stats, &key);
	}
	if (!large)
		return -ENOSPC;
	large->hits += args->n;
	return 0;
}

SEC("syscall")
int forget_large(struct args *args)
{
	u32 key = args->key;

	return bpf_map_delete_elem(&large_stats, &key);
}
