// SPDX-License-Identifier: MIT
/*
 * The agent's peer: reads 256 counters of a per-CPU array each second, a lookup a key as the kernel
 * tree's scx_simple does, and prints their sums.
 * agent MAP_ID: until it is killed.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

int main(int argc, char **argv)
{
	struct bpf_map_info info = {};
	uint32_t size = sizeof(info);
	int cpus = libbpf_num_possible_cpus();
	int fd = argc > 1 ? bpf_map_get_fd_by_id(atoi(argv[1])) : -1;
	uint64_t *values;
	struct timespec due;

	if (fd < 0 || bpf_map_get_info_by_fd(fd, &info, &size) || cpus < 1)
		return 1;
	values = calloc(cpus, sizeof(*values));
	clock_gettime(CLOCK_MONOTONIC, &due);
	for (;;) {
		for (uint32_t key = 0; key < info.max_entries; key++) {
			uint64_t sum = 0;

			if (bpf_map_lookup_elem(fd, &key, values))
				return 1;
			for (int cpu = 0; cpu < cpus; cpu++)
				sum += values[cpu];
			printf("scx_many_%u_total{scheduler=\"many\"} %lu\n", key, sum);
		}
		fflush(stdout);
		due.tv_sec++;
		while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &due, NULL) == EINTR)
			;
	}
}
