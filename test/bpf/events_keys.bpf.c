// SPDX-License-Identifier: GPL-2.0-only
/* The events of events.bpf.c, counted for one of 64 keys each. */
#include <scxkit/types.h>
#include <bpf/bpf_helpers.h>

char _license[] SEC("license") = "GPL";

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, 64);
	__type(key, u32);
	__type(value, u64);
} event_stats SEC(".maps");

struct count_args {
	u64 n;
};

static long one(u32 i, void *ctx __scx_unused)
{
	u64 none = 0;
	u32 key = i % 64;
	u64 *value = bpf_map_lookup_elem(&event_stats, &key);

	if (!value) {
		/* Another CPU may be the first. */
		bpf_map_update_elem(&event_stats, &key, &none, BPF_NOEXIST);
		value = bpf_map_lookup_elem(&event_stats, &key);
	}
	if (!value)
		return 1;
	*value += 1;
	return 0;
}

SEC("syscall")
int count_events(struct count_args *args)
{
	return bpf_loop(args->n, one, NULL, 0) == (long)args->n ? 0 : -E2BIG;
}
