// SPDX-License-Identifier: MIT
/*
 * The peers of the addon's snapshots: the same reads in C.
 * snapshot struct|batch|keys|mapped MAP_ID ROUNDS [WORDS]: prints the ns of CPU time that one
 * snapshot took. `keys` looks each key up by itself, as the kernel tree's scx_simple does; `mapped`
 * reads rows of WORDS (256) u64.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

static int fd, cpus;
static struct bpf_map_info info;
static size_t words; /* of one CPU, over all entries */
static uint64_t *values, *sums;
static uint32_t *keys;
static const uint64_t *mapped;

static uint64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
	return time.tv_sec * 1000000000ULL + time.tv_nsec;
}

/* Rows of all CPUs, `words` apart. */
static void add_rows(const uint64_t *rows)
{
	memset(sums, 0, words * sizeof(uint64_t));
	for (int cpu = 0; cpu < cpus; cpu++)
		for (size_t word = 0; word < words; word++)
			sums[word] += rows[cpu * words + word];
}

static int read_struct(void)
{
	uint32_t key = 0;

	if (bpf_map_lookup_elem(fd, &key, values))
		return -1;
	add_rows(values);
	return 0;
}

static int read_keys(void)
{
	for (uint32_t key = 0; key < words; key++) {
		if (bpf_map_lookup_elem(fd, &key, values))
			return -1;
		sums[key] = 0;
		for (int cpu = 0; cpu < cpus; cpu++)
			sums[key] += values[cpu];
	}
	return 0;
}

static int read_batch(void)
{
	uint32_t batch = 0, count = words;
	int error = bpf_map_lookup_batch(fd, NULL, &batch, keys, values, &count, NULL);

	if ((error && error != -2) || count != words)
		return -1;
	for (size_t key = 0; key < words; key++) {
		sums[key] = 0;
		for (int cpu = 0; cpu < cpus; cpu++)
			sums[key] += values[key * cpus + cpu];
	}
	return 0;
}

static int read_mapped(void)
{
	add_rows(mapped);
	/* Else a compiler that sees nobody write does this once for all rounds. */
	__asm__ volatile("" ::: "memory");
	return 0;
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*read)(void);
	} ways[] = {{"struct", read_struct},
		    {"batch", read_batch},
		    {"keys", read_keys},
		    {"mapped", read_mapped}};
	int (*read)(void) = NULL;
	uint32_t size = sizeof(info);

	for (int i = 0; argc >= 4 && i < 4; i++)
		if (!strcmp(argv[1], ways[i].name))
			read = ways[i].read;
	fd = read ? bpf_map_get_fd_by_id(atoi(argv[2])) : -1;
	cpus = libbpf_num_possible_cpus();
	if (fd < 0 || cpus < 0 || bpf_map_get_info_by_fd(fd, &info, &size)) {
		fprintf(stderr, "usage: snapshot struct|batch|keys|mapped MAP_ID ROUNDS [WORDS]\n");
		return 64;
	}
	words = read == read_struct ? info.value_size / sizeof(uint64_t) :
		read == read_mapped ? (argc > 4 ? atoi(argv[4]) : 256) :
				      info.max_entries;
	values = calloc(words * cpus, sizeof(uint64_t));
	keys = calloc(words, sizeof(uint32_t));
	sums = calloc(words, sizeof(uint64_t));
	if (read == read_mapped) {
		void *memory = mmap(NULL, info.value_size, PROT_READ, MAP_SHARED, fd, 0);

		if (memory == MAP_FAILED) {
			perror("mmap");
			return 70;
		}
		mapped = memory;
	}
	int rounds = atoi(argv[3]);
	uint64_t start = now(), checksum = 0;

	for (int round = 0; round < rounds; round++) {
		if (read()) {
			perror("reading the map");
			return 70;
		}
		checksum += sums[0]; /* so that the sums can't be left out */
	}
	printf("%.1f %llu\n", (double)(now() - start) / rounds, (unsigned long long)checksum);
	return 0;
}
