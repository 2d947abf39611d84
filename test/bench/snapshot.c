// SPDX-License-Identifier: MIT
/*
 * The peer of the addon's snapshot: the same read of a PERCPU_ARRAY with one struct of u64, in C.
 * snapshot MAP_ID ROUNDS: prints the ns that one snapshot took.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static uint64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1000000000ULL + time.tv_nsec;
}

int main(int argc, char **argv)
{
	int fd = argc == 3 ? bpf_map_get_fd_by_id(atoi(argv[1])) : -1;
	int cpus = libbpf_num_possible_cpus();
	struct bpf_map_info info = {};
	uint32_t size = sizeof(info), key = 0;

	if (fd < 0 || cpus < 0 || bpf_map_get_info_by_fd(fd, &info, &size) ||
	    info.max_entries != 1) {
		fprintf(stderr, "usage: snapshot MAP_ID ROUNDS\n");
		return 64;
	}
	size_t words = info.value_size / sizeof(uint64_t);
	uint64_t *values = calloc(words * cpus, sizeof(uint64_t));
	uint64_t *sums = calloc(words, sizeof(uint64_t));
	int rounds = atoi(argv[2]);
	uint64_t start = now(), checksum = 0;

	for (int round = 0; round < rounds; round++) {
		if (bpf_map_lookup_elem(fd, &key, values)) {
			perror("bpf_map_lookup_elem");
			return 70;
		}
		memset(sums, 0, words * sizeof(uint64_t));
		for (int cpu = 0; cpu < cpus; cpu++)
			for (size_t word = 0; word < words; word++)
				sums[word] += values[cpu * words + word];
		checksum += sums[0]; /* so that the sums can't be left out */
	}
	printf("%.1f %llu\n", (double)(now() - start) / rounds, (unsigned long long)checksum);
	return 0;
}
