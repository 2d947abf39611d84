// SPDX-License-Identifier: GPL-2.0-only
/*
 * Statistics in static variables only: libbpf doesn't let their section be mapped. No scheduler:
 * loads on Linux 5.19 and newer.
 */
#include <scxkit/types.h>
#include <bpf/bpf_helpers.h>

char _license[] SEC("license") = "GPL";

static u64 first;
static u64 nr_seen;

struct count_args {
	u64 n;
};

SEC("syscall")
int count(struct count_args *args)
{
	__sync_fetch_and_add(&first, 1);
	__sync_fetch_and_add(&nr_seen, args->n);
	return 0;
}
