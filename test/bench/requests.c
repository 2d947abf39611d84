// SPDX-License-Identifier: MIT
// The load that test/bench/server.ts puts on a scx_stats server, ours or upstream's.
//
//   requests rate PATH CONNECTIONS MS      each connection asks anew when it has its reply: prints
//   replies a second requests hold PATH CONNECTIONS         opens them, each asks once; prints
//   "ready", and holds them until stdin ends requests flood PATH REQUESTS           sends that many
//   in one go and then reads: prints how many replies came
//
// It stays on the last CPU, so that the scheduler doesn't lay it beside the one thread of the one
// server and apart from those of the other; the servers run where they like.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

static const char request[] = "{\"req\":\"stats\",\"args\":{\"target\":\"top\"}}\n";
#define REQUEST (sizeof(request) - 1)

static char buffer[1 << 20];

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

static int connect_to(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		die("socket");
	strncpy(address.sun_path, path, sizeof(address.sun_path) - 1);
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		die("connect");
	return fd;
}

static void ask(int fd)
{
	if (write(fd, request, REQUEST) != (ssize_t)REQUEST)
		die("write");
}

/* Reads what there is. Replies are one at a time, so a newline at the end of what was read ends
 * one. */
static int reply_ended(int fd)
{
	ssize_t size = read(fd, buffer, sizeof(buffer));

	if (size <= 0) {
		if (size < 0 && errno == EAGAIN)
			return 0;
		fprintf(stderr, "the server ended a connection\n");
		exit(1);
	}
	return buffer[size - 1] == '\n';
}

static void rate(const char *path, int connections, double seconds)
{
	int poll = epoll_create1(EPOLL_CLOEXEC);
	struct epoll_event events[256];
	long replies = 0;
	double start, end;

	for (int i = 0; i < connections; i++) {
		int fd = connect_to(path);
		struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};

		ask(fd);
		while (!reply_ended(fd))
			;
		if (epoll_ctl(poll, EPOLL_CTL_ADD, fd, &event) < 0)
			die("epoll_ctl");
		ask(fd);
	}
	start = now();
	do {
		int ready = epoll_wait(poll, events, 256, -1);

		for (int i = 0; i < ready; i++) {
			if (!reply_ended(events[i].data.fd))
				continue;
			replies++;
			ask(events[i].data.fd);
		}
		end = now();
	} while (end - start < seconds);
	printf("%.0f\n", replies / (end - start));
}

static void size(const char *path)
{
	int fd = connect_to(path);
	ssize_t part, all = 0;

	ask(fd);
	do {
		part = read(fd, buffer, sizeof(buffer));
		all += part;
	} while (part > 0 && buffer[part - 1] != '\n');
	printf("%zd\n", all);
}

static void hold(const char *path, int connections)
{
	for (int i = 0; i < connections; i++) {
		int fd = connect_to(path);

		ask(fd);
		while (!reply_ended(fd))
			;
	}
	puts("ready");
	fflush(stdout);
	while (read(0, buffer, sizeof(buffer)) > 0)
		;
}

static void flood(const char *path, long requests)
{
	int fd = connect_to(path);
	size_t left = requests * REQUEST, at = 0;
	long replies = 0;

	char *lines = malloc(left);

	for (size_t i = 0; i < left; i += REQUEST)
		memcpy(lines + i, request, REQUEST);
	fcntl(fd, F_SETFL, O_NONBLOCK);
	/* Sends until nobody has taken any more for a second, then reads, as a client without a
	 * care does. */
	for (double stuck = 0; replies < requests;) {
		ssize_t size = left ? write(fd, lines + at, left) : -1;

		if (size > 0) {
			at += size;
			left -= size;
			stuck = 0;
			continue;
		}
		if (stuck == 0)
			stuck = now();
		if (left && now() - stuck < 1 && replies == 0) {
			usleep(1000);
			continue;
		}
		size = read(fd, buffer, sizeof(buffer));
		if (size == 0) {
			fprintf(stderr, "the server ended the connection after %ld replies\n",
				replies);
			exit(1);
		}
		if (size < 0)
			usleep(100);
		for (char *c = buffer; size > 0 && (c = memchr(c, '\n', buffer + size - c)); c++)
			replies++;
	}
	printf("%ld\n", replies);
}

static void stay_on_last_cpu(void)
{
	cpu_set_t cpus;
	int last = CPU_SETSIZE - 1;

	sched_getaffinity(0, sizeof(cpus), &cpus);
	while (!CPU_ISSET(last, &cpus))
		last--;
	CPU_ZERO(&cpus);
	CPU_SET(last, &cpus);
	sched_setaffinity(0, sizeof(cpus), &cpus);
}

int main(int argc, char **argv)
{
	struct rlimit limit;

	stay_on_last_cpu();
	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	if (argc == 5 && !strcmp(argv[1], "rate"))
		rate(argv[2], atoi(argv[3]), atoi(argv[4]) / 1e3);
	else if (argc == 3 && !strcmp(argv[1], "size"))
		size(argv[2]);
	else if (argc == 4 && !strcmp(argv[1], "hold"))
		hold(argv[2], atoi(argv[3]));
	else if (argc == 4 && !strcmp(argv[1], "flood"))
		flood(argv[2], atol(argv[3]));
	else
		return 64;
	return 0;
}
