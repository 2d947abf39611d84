// SPDX-License-Identifier: GPL-2.0-only
/*
 * Counts one by one as many events as it is told to, plainly and atomically. EVENT_STATS says
 * where: in a per-CPU map, or in mapped memory. No scheduler: loads on Linux 5.19 and newer.
 */
#include <scxkit/types.h>
#include <scxkit/stats.h>

char _license[] SEC("license") = "GPL";

#ifndef EVENT_STATS
#define EVENT_STATS SCX_STATS
#endif

EVENT_STATS(event_stats, SCX_COUNTER(plain, "events counted plainly"),
	    SCX_COUNTER(atomic, "events counted atomically"));

struct count_args {
	u64 n; /* up to 8388608, what bpf_loop() does */
};

static long one(u32 i __scx_unused, void *ctx __scx_unused)
{
	scx_stat_inc(plain);
	scx_stat_inc_atomic(atomic);
	return 0;
}

/* Plain counting is exact as long as no two tasks that run it share a CPU. */
SEC("syscall")
int count_events(struct count_args *args)
{
	return bpf_loop(args->n, one, NULL, 0) == (long)args->n ? 0 : -E2BIG;
}
