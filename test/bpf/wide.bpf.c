// SPDX-License-Identifier: GPL-2.0-only
/*
 * 256 counters, c00 to cff. Each event adds 1 to c00, 2 to c01, … and 256 to cff.
 */
#include <scxkit/types.h>
#include <scxkit/stats.h>

char _license[] SEC("license") = "GPL";

#define ONE(__n)		      SCX_COUNTER(c##__n, "counter 0x" #__n)
#define FOUR(__n, __a, __b, __c, __d) ONE(__n##__a), ONE(__n##__b), ONE(__n##__c), ONE(__n##__d)
#define ROW(__n) \
	FOUR(__n, 0, 1, 2, 3), FOUR(__n, 4, 5, 6, 7), FOUR(__n, 8, 9, a, b), FOUR(__n, c, d, e, f)

#ifndef WIDE_STATS
#define WIDE_STATS SCX_STATS
#endif

WIDE_STATS(wide_stats, ROW(0), ROW(1), ROW(2), ROW(3), ROW(4), ROW(5), ROW(6), ROW(7), ROW(8),
	   ROW(9), ROW(a), ROW(b), ROW(c), ROW(d), ROW(e), ROW(f));

struct count_args {
	u64 n;
};

static long one(u32 i __scx_unused, void *ctx __scx_unused)
{
	volatile u64 *stats = (void *)scx_stats_this_cpu();

	if (!stats)
		return 1;
#pragma clang loop unroll(full)
	for (u32 i = 0; i < sizeof(struct wide_stats) / sizeof(u64); i++)
		stats[i] += i + 1;
	return 0;
}

SEC("syscall")
int count_wide(struct count_args *args)
{
	return bpf_loop(args->n, one, NULL, 0) == (long)args->n ? 0 : -E2BIG;
}
