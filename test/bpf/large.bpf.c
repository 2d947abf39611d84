// SPDX-License-Identifier: GPL-2.0-only
/*
 * Maps far larger than what is in them, as a scheduler may have for tasks, and called after
 * statistics. No scheduler: loads on Linux 6.4 and newer.
 */
#include <scxkit/types.h>
#include <bpf/bpf_helpers.h>

char _license[] SEC("license") = "GPL";

struct row {
	u64 words[64];
};

/* Room for 10 GB, taken as it is used. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 20000000);
	__type(key, u32);
	__type(value, struct row);
} task_stats SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1000000);
	__type(key, u32);
	__type(value, u64);
} table_stats SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 300000);
	__type(key, u32);
	__type(value, u64);
} tasks SEC(".maps");

struct fill_args {
	u64 tasks;
	u64 rows;
};

/* Uses both arguments for how many entries there are to be; negative errno when one fails. */
SEC("syscall")
int fill(struct fill_args *args)
{
	static struct row row;
	u64 table = args->tasks;
	u32 key, i;
	int err = 0;

	bpf_for (i, 0, args->tasks) {
		key = i;
		err = err ?: bpf_map_update_elem(&tasks, &key, &table, BPF_ANY);
	}
	bpf_for (i, 0, args->rows) {
		key = i;
		row.words[0] = i;
		err = err ?: bpf_map_update_elem(&task_stats, &key, &row, BPF_ANY);
	}
	key = 0;
	return err ?: bpf_map_update_elem(&table_stats, &key, &table, BPF_ANY);
}

/* 1 when the hash of tasks has an entry among the first `tasks`. */
SEC("syscall")
int has(struct fill_args *args)
{
	u32 key, i;

	bpf_for (i, 0, args->tasks) {
		key = i;
		if (bpf_map_lookup_elem(&tasks, &key))
			return 1;
	}
	return 0;
}
