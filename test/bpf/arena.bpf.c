// SPDX-License-Identifier: GPL-2.0-only
/* Variables in an arena, with so many maps after it that libbpf's list of them grows. */
#include <scxkit/types.h>

char _license[] SEC("license") = "GPL";

#ifndef BPF_MAP_TYPE_ARENA
#define BPF_MAP_TYPE_ARENA 33
#endif

struct {
	__uint(type, BPF_MAP_TYPE_ARENA);
	__uint(map_flags, 1 << 10); /* BPF_F_MMAPABLE */
	__uint(max_entries, 4);
} arena SEC(".maps");

#define MAP(name)                                 \
	struct {                                  \
		__uint(type, BPF_MAP_TYPE_ARRAY); \
		__uint(max_entries, 1);           \
		__type(key, u32);                 \
		__type(value, u64);               \
	} name SEC(".maps")
MAP(one);
MAP(two);
MAP(three);
MAP(four);
MAP(five);
MAP(six);
MAP(seven);
MAP(eight);
MAP(nine);

__attribute__((address_space(1))) int far_answer = 42;

#define BESIDE(name) int name SEC(".data." #name) = 1
BESIDE(a);
BESIDE(b);
BESIDE(c);
BESIDE(d);
BESIDE(e);
BESIDE(f);
BESIDE(g);
BESIDE(h);

SEC("syscall")
int answer(void *ctx __scx_unused)
{
	return far_answer + a + b + c + d + e + f + g + h;
}
