// SPDX-License-Identifier: GPL-2.0-only
/* As many counters as KEYS says, in one struct of a per-CPU map or, with MAPPED, in mapped memory.
 */
#include <scxkit/types.h>
#include <bpf/bpf_helpers.h>

char _license[] SEC("license") = "GPL";

struct row {
	u64 counters[KEYS];
} __attribute__((aligned(64)));

#ifdef MAPPED
struct row row_stats[1024];
#else
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct row);
} row_stats SEC(".maps");
#endif

SEC("syscall")
int count(void *ctx __scx_unused)
{
	u32 place = 0;
#ifdef MAPPED
	place = bpf_get_smp_processor_id() & 1023;
	struct row *row = &row_stats[place];
#else
	struct row *row = bpf_map_lookup_elem(&row_stats, &place);

	if (!row)
		return -ENOENT;
#endif
	row->counters[0]++;
	return 0;
}
