// SPDX-License-Identifier: MIT
/*
 * The peer of the sampler's ticks: ticks MAP_ID TICKS MS reads a per-CPU map of one struct of u64
 * every so many ms, adds it up over CPUs, and keeps deltas and totals. Prints the ns of CPU time
 * that this took.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec time;

	clock_gettime(clock, &time);
	return time.tv_sec * 1000000000ULL + time.tv_nsec;
}

int main(int argc, char **argv)
{
	struct bpf_map_info info;
	uint32_t size = sizeof(info), key = 0;
	uint64_t checksum = 0;

	if (argc != 4)
		return 64;
	int fd = bpf_map_get_fd_by_id(atoi(argv[1])), cpus = libbpf_num_possible_cpus();
	if (fd < 0 || cpus < 0 || bpf_map_get_info_by_fd(fd, &info, &size)) {
		perror("the map");
		return 70;
	}
	size_t words = info.value_size / sizeof(uint64_t);
	uint64_t *values = calloc(words * cpus, sizeof(uint64_t));
	uint64_t *last = calloc(words, sizeof(uint64_t));
	uint64_t *totals = calloc(words, sizeof(uint64_t));
	uint64_t *deltas = calloc(words, sizeof(uint64_t));
	uint64_t *sums = calloc(words, sizeof(uint64_t));
	uint64_t start = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
	struct timespec due;

	/* the others' ticks come at other parts of an interval */
	uint64_t interval = atoi(argv[3]) * 1000000ULL;
	uint64_t next = clock_ns(CLOCK_MONOTONIC) + interval - clock_ns(CLOCK_REALTIME) % interval;

	due.tv_sec = next / 1000000000ULL;
	due.tv_nsec = next % 1000000000ULL;
	for (int tick = 0; tick < atoi(argv[2]); tick++) {
		due.tv_nsec += atoi(argv[3]) * 1000000L;
		due.tv_sec += due.tv_nsec / 1000000000L;
		due.tv_nsec %= 1000000000L;
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &due, NULL);
		if (bpf_map_lookup_elem(fd, &key, values)) {
			perror("reading the map");
			return 70;
		}
		memset(sums, 0, words * sizeof(uint64_t));
		for (int cpu = 0; cpu < cpus; cpu++)
			for (size_t word = 0; word < words; word++)
				sums[word] += values[cpu * words + word];
		for (size_t word = 0; word < words; word++) {
			deltas[word] = sums[word] - last[word];
			totals[word] += deltas[word];
			last[word] = sums[word];
		}
		checksum += totals[0] + deltas[words - 1]; /* so that nothing can be left out */
	}
	printf("%llu %llu\n", (unsigned long long)(clock_ns(CLOCK_PROCESS_CPUTIME_ID) - start),
	       (unsigned long long)checksum);
	return 0;
}
