// SPDX-License-Identifier: MIT
/*
 * Has events counted on all CPUs at once by the SEC("syscall") program count_events of test/bpf,
 * and knows how many. writer MAP_ID EVENTS CHUNK CYCLES: a thread on each CPU runs the program that
 * uses this map, CHUNK events at a time, until there were EVENTS in all. CYCLES times on the way a
 * CPU goes off and comes back, its thread resting meanwhile. Prints how many events were counted.
 */
#define _GNU_SOURCE
#include <bpf/bpf.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MOST_CPUS 1024

struct writer {
	int cpu;
	pthread_t thread;
	pthread_mutex_t running; /* while the program runs */
	atomic_bool rests;
	uint64_t counted;
};

static struct writer writers[MOST_CPUS];
static int program;
static uint64_t chunk, events;
/* Of the events: how many may be counted by now, and how many somebody counts or has counted. */
static atomic_ullong granted, taken;

static void die(const char *what)
{
	perror(what);
	exit(70);
}

static void pin(struct writer *writer)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(writer->cpu, &set);
	if (pthread_setaffinity_np(writer->thread, sizeof(set), &set))
		die("pthread_setaffinity_np");
}

/* How many events the caller is to count; 0 when there are none for now. */
static uint64_t take(void)
{
	unsigned long long now = taken;

	for (;;) {
		uint64_t room = granted - now, n = room < chunk ? room : chunk;

		if (n == 0 || atomic_compare_exchange_weak(&taken, &now, now + n))
			return n;
	}
}

static void *count(void *argument)
{
	struct writer *writer = argument;

	while (taken < events) {
		uint64_t n = 0;

		pthread_mutex_lock(&writer->running);
		if (!writer->rests && (n = take())) {
			LIBBPF_OPTS(bpf_test_run_opts, options, .ctx_in = &n,
				    .ctx_size_in = sizeof(n));

			if (bpf_prog_test_run_opts(program, &options) || options.retval)
				die("count_events");
			writer->counted += n;
		}
		pthread_mutex_unlock(&writer->running);
		if (n == 0)
			usleep(1000);
	}
	return NULL;
}

static const char *online_path(const struct writer *writer)
{
	static char path[64];

	snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%d/online", writer->cpu);
	return path;
}

static void set_online(const struct writer *writer, const char *state)
{
	FILE *file = fopen(online_path(writer), "w");

	if (!file || fputs(state, file) < 0 || fclose(file))
		die(online_path(writer));
}

/* The threads of a CPU that goes off would be moved, and two on one CPU may lose a plain count. */
static void off_and_on(struct writer *writer)
{
	writer->rests = true;
	pthread_mutex_lock(&writer->running);
	set_online(writer, "0");
	usleep(20000); /* the others go on without it */
	set_online(writer, "1");
	pin(writer);
	pthread_mutex_unlock(&writer->running);
	writer->rests = false;
}

/* The program of that name that uses the map. */
static int find_program(uint32_t map)
{
	uint32_t id = 0, maps[64];

	while (!bpf_prog_get_next_id(id, &id)) {
		struct bpf_prog_info info = {.nr_map_ids = 64, .map_ids = (uintptr_t)maps};
		uint32_t size = sizeof(info);
		int fd = bpf_prog_get_fd_by_id(id);

		if (fd < 0)
			continue;
		if (!bpf_prog_get_info_by_fd(fd, &info, &size) &&
		    !strcmp(info.name, "count_events"))
			for (int i = 0; i < info.nr_map_ids && i < 64; i++)
				if (maps[i] == map)
					return fd;
		close(fd);
	}
	return -1;
}

int main(int argc, char **argv)
{
	struct writer *changing[MOST_CPUS];
	uint64_t counted = 0;
	int cpus = 0, changes = 0;
	cpu_set_t online;

	if (argc != 5)
		return 64;
	events = atoll(argv[2]);
	chunk = atoll(argv[3]);
	int cycles = atoi(argv[4]);
	program = find_program(atoi(argv[1]));
	if (program < 0 || sched_getaffinity(0, sizeof(online), &online))
		die("count_events");
	for (int cpu = 0; cpu < MOST_CPUS; cpu++) {
		if (!CPU_ISSET(cpu, &online))
			continue;
		struct writer *writer = &writers[cpus++];
		writer->cpu = cpu;
		/* The first one can't go off, mostly. */
		if (!access(online_path(writer), W_OK))
			changing[changes++] = writer;
		pthread_mutex_init(&writer->running, NULL);
		if (pthread_create(&writer->thread, NULL, count, writer))
			die("pthread_create");
		pin(writer);
	}
	if (cycles && !changes)
		die("no CPU can go off");
	/* However fast they are, a CPU goes off while others count: nobody counts ahead. */
	for (int i = 0; i < cycles; i++) {
		uint64_t before = granted;

		granted = events / (cycles + 1) * (i + 1);
		while (taken < before + (granted - before) / 4)
			usleep(200);
		off_and_on(changing[i % changes]);
	}
	granted = events;
	for (int i = 0; i < cpus; i++) {
		pthread_join(writers[i].thread, NULL);
		counted += writers[i].counted;
	}
	printf("%llu\n", (unsigned long long)counted);
	return 0;
}
