// SPDX-License-Identifier: GPL-2.0-only
/*
 * Statistics that are easily read wrongly: counters that wrap, states and levels beside counters,
 * keys with one text, enums of one length. No scheduler: loads on Linux 5.19 and newer.
 */
#include <scxkit/types.h>
#include <bpf/bpf_helpers.h>

char _license[] SEC("license") = "GPL";

#define MAP(type_, name_, entries_, key_, value_)   \
	struct {                                    \
		__uint(type, BPF_MAP_TYPE_##type_); \
		__uint(max_entries, entries_);      \
		__type(key, key_);                  \
		__type(value, value_);              \
	} name_ SEC(".maps")

enum state {
	IDLE,
	BUSY,
};

struct mixed {
	u64 calls;
	bool on;
	enum state state;
	/* Falls, and nobody says that it is no counter. */
	u64 share;
	u32 small;
};
MAP(PERCPU_HASH, mixed_stats, 8, u32, struct mixed);
MAP(PERCPU_ARRAY, one_stats, 1, u32, struct mixed);

/* All of them wrap. */
struct narrow {
	u32 hits;
	u16 misses;
	u8 drops;
};
MAP(PERCPU_ARRAY, narrow_stats, 1, u32, struct narrow);
MAP(PERCPU_HASH, narrow_cnt, 8, u32, struct narrow);

struct comm {
	char comm[8];
	u32 cpu;
};
MAP(HASH, comm_stats, 16, struct comm, u64);

/* Two enums of one length. */
enum left_idx {
	L_ONE,
	L_TWO,
	L_THREE,
	L_NR,
};

enum right_stat {
	RI_X,
	RI_Y,
	RI_Z,
	__RI_MAX,
};

enum stat_left {
	LE_P,
	LE_Q,
	LE_R,
	NR_LE,
};
MAP(PERCPU_ARRAY, left_stats, 3, u32, u64);
MAP(PERCPU_ARRAY, right_stats, 3, u32, u64);
MAP(PERCPU_ARRAY, other_stats, 3, u32, u64);

/* More than anybody would read as statistics. */
struct two {
	u64 ran, slept;
};
MAP(ARRAY, task_stats, 10240, u32, struct two);

struct wide {
	u64 words[5000];
	u64 last;
};
MAP(ARRAY, wide_stats, 1, u32, struct wide);

struct packed {
	u64 whole;
	u32 low : 4;
	u32 high : 28;
	union {
		u64 sum;
		u32 part;
	} either;
};
MAP(ARRAY, packed_stats, 1, u32, struct packed);

/* The kernel's own members, of which it hands out nothing. */
struct locked {
	struct bpf_spin_lock lock;
	struct bpf_timer timer;
	u64 held;
};
MAP(ARRAY, locked_stats, 1, u32, struct locked);

/* Called after statistics, and nothing of them can be counted. */
MAP(ARRAY, share_stats, 1, u32, double);
struct {
	__uint(type, BPF_MAP_TYPE_QUEUE);
	__uint(max_entries, 4);
	__type(value, u64);
} waiting_stats SEC(".maps");

struct uneven {
	u64 sum;
	u32 part;
} uneven_stats;

/* An array that is a global, and its enum. */
u64 left_cnt[3];

struct args {
	u64 n;
};

/* A function of its own, as the object's BTF has the enums only for what stays in it. */
static __noinline int count(enum left_idx index, enum right_stat right, enum stat_left left, u64 n)
{
	u32 key = index;
	u64 *value = bpf_map_lookup_elem(&other_stats, &key);

	if (!value)
		return -ENOENT;
	*value += n + right + left;
	left_cnt[key & 1] += n;
	uneven_stats.sum += n;
	uneven_stats.part += n;
	return 0;
}

SEC("syscall")
int count_other(struct args *args)
{
	return count(args->n & 1, args->n & 2, args->n & 1, args->n);
}
