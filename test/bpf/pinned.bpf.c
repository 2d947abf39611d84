// SPDX-License-Identifier: GPL-2.0-only
/* A map that is pinned by its name, and a program that counts in it. Loads on any kernel. */
#include <scxkit/types.h>

char _license[] SEC("license") = "GPL";

#ifndef PINNED_VALUE
#define PINNED_VALUE u64
#endif

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
	__type(key, u32);
	__type(value, PINNED_VALUE);
} scxkit_pinned SEC(".maps");

SEC("syscall")
int pinned_count(void *ctx __scx_unused)
{
	u32 zero = 0;
	PINNED_VALUE *count = bpf_map_lookup_elem(&scxkit_pinned, &zero);

	return count ? ++*count : -ENOENT;
}
