// SPDX-License-Identifier: GPL-2.0-only
/* Statistics without the in-kernel baseline. */
#define SCX_STATS_NO_RESET
#include <scxkit/types.h>
#include <scxkit/stats.h>

char _license[] SEC("license") = "GPL";

SCX_STATS(plain_stats, SCX_COUNTER(events, "events"));

SEC("syscall")
int count_one(void *ctx __scx_unused)
{
	scx_stat_inc_atomic(events);
	return 0;
}
