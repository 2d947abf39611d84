// SPDX-License-Identifier: GPL-2.0-only
/* 256 counters as scx_simple keeps its two: each an entry of a per-CPU array. */
#include <scxkit/types.h>
#include <bpf/bpf_helpers.h>

char _license[] SEC("license") = "GPL";

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 256);
	__type(key, u32);
	__type(value, u64);
} key_stats SEC(".maps");

struct count_args {
	u64 n;
};

SEC("syscall")
int count_key(struct count_args *args)
{
	u32 key = args->n;
	u64 *value = bpf_map_lookup_elem(&key_stats, &key);

	if (!value)
		return -ENOENT;
	*value += 1;
	return 0;
}
