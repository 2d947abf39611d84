// SPDX-License-Identifier: GPL-2.0-only
/* The statistics of count.bpf.c in mapped memory. No scheduler: loads on Linux 5.19 and newer. */
#include <scxkit/types.h>
#include <scxkit/stats.h>

char _license[] SEC("license") = "GPL";

SCX_STATS_MAPPED(mapped_stats, SCX_COUNTER(events, "events counted plainly"),
		 SCX_COUNTER(shared, "events counted atomically"),
		 SCX_HISTOGRAM(sizes, "bytes", "values observed"),
		 SCX_GAUGE(level, "the level that was set last, summed over CPUs"));

struct count_args {
	u64 n;
};

SEC("syscall")
int count(struct count_args *args)
{
	u64 n = args->n;

	scx_stat_add(events, n);
	scx_stat_inc_atomic(shared);
	scx_stat_observe(sizes, n);
	scx_stat_set(level, 5);
	return 0;
}
