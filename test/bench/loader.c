// SPDX-License-Identifier: MIT
/*
 * The peer of the library's loading: a C loader with the same libbpf and the same duties.
 * loader OBJECT [SECONDS]: opens, configures, loads and attaches; prints the ns from open to attach
 * returned. Then detaches, or looks once a second whether the scheduler has left, for so long at
 * most; prints when it saw that (ns of CLOCK_MONOTONIC, 0 for never), and the ns of CPU time that
 * looking took.
 */
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/netlink.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define DUMP_LENGTH 32768

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec time;

	clock_gettime(clock, &time);
	return time.tv_sec * 1000000000ULL + time.tv_nsec;
}

static uint64_t now(void)
{
	return clock_ns(CLOCK_MONOTONIC);
}

static void die(const char *what)
{
	perror(what);
	exit(70);
}

static uint64_t read_sysfs(const char *path)
{
	char text[32] = "";
	FILE *file = fopen(path, "r");

	if (!file || !fgets(text, sizeof(text), file))
		die(path);
	fclose(file);
	return strtoull(text, NULL, 10);
}

/* Where a variable or member of that name lies; -1 when there is none. */
static int offset_of_member(const struct btf *btf, const struct btf_type *type, const char *name)
{
	for (int i = 0; type && i < btf_vlen(type); i++)
		if (!strcmp(btf__name_by_offset(btf, btf_members(type)[i].name_off), name))
			return btf_members(type)[i].offset / 8;
	return -1;
}

static int offset_of_variable(const struct btf *btf, const char *section, const char *name)
{
	int id = btf__find_by_name_kind(btf, section, BTF_KIND_DATASEC);
	const struct btf_type *type = id < 0 ? NULL : btf__type_by_id(btf, id);

	for (int i = 0; type && i < btf_vlen(type); i++) {
		const struct btf_var_secinfo *info = &btf_var_secinfos(type)[i];
		const struct btf_type *variable = btf__type_by_id(btf, info->type);

		if (!strcmp(btf__name_by_offset(btf, variable->name_off), name))
			return info->offset;
	}
	return -1;
}

/* The kernel's uevents tell when a scheduler leaves. */
static void watch(void)
{
	struct sockaddr_nl address = {.nl_family = AF_NETLINK, .nl_groups = 1};
	int fd = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
			NETLINK_KOBJECT_UEVENT);

	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)))
		die("uevents");
}

int main(int argc, char **argv)
{
	struct bpf_map *map, *ops = NULL, *rodata = NULL, *dump = NULL, *globals_map = NULL;
	size_t size;

	if (argc != 2 && argc != 3)
		return 64;
	libbpf_set_print(NULL);
	uint64_t start = now();

	struct bpf_object *object = bpf_object__open(argv[1]);
	if (!object)
		die("open");
	bpf_object__for_each_map(map, object)
	{
		if (bpf_map__type(map) == BPF_MAP_TYPE_STRUCT_OPS)
			ops = map;
		else if (strstr(bpf_map__name(map), ".rodata"))
			rodata = map;
		else if (!strcmp(bpf_map__name(map), ".data.uei_dump"))
			dump = map;
		else if (strstr(bpf_map__name(map), ".data"))
			globals_map = map;
	}
	if (!ops || !rodata || !dump || !globals_map)
		die("maps");

	/* The kernel's sched_ext_ops: what it lacks would have to be cleared. */
	struct btf *kernel = btf__load_vmlinux_btf();
	int kernel_id = btf__find_by_name_kind(kernel, "sched_ext_ops", BTF_KIND_STRUCT);
	const struct btf_type *kernel_ops = btf__type_by_id(kernel, kernel_id);
	if (offset_of_member(kernel, kernel_ops, "dump") < 0)
		die("sched_ext_ops.dump");
	const struct btf *btf = bpf_object__btf(object);
	int ops_id = btf__find_by_name_kind(btf, "sched_ext_ops", BTF_KIND_STRUCT);
	const struct btf_type *local_ops = btf__type_by_id(btf, ops_id);
	char *data = bpf_map__initial_value(ops, &size);
	for (int i = 0; i < btf_vlen(local_ops); i++) {
		const struct btf_member *member = &btf_members(local_ops)[i];

		if (offset_of_member(kernel, kernel_ops,
				     btf__name_by_offset(btf, member->name_off)) < 0)
			memset(data + member->offset / 8, 0, btf__resolve_size(btf, member->type));
	}
	uint64_t hotplug = read_sysfs("/sys/kernel/sched_ext/hotplug_seq");
	memcpy(data + offset_of_member(btf, local_ops, "hotplug_seq"), &hotplug, sizeof(hotplug));

	/* Room for the exit dump. */
	uint32_t length = DUMP_LENGTH;
	char *globals = bpf_map__initial_value(rodata, &size);
	memcpy(globals + offset_of_variable(btf, ".rodata", "uei_dump_len"), &length,
	       sizeof(length));
	if (bpf_map__set_value_size(dump, DUMP_LENGTH))
		die("set_value_size");

	if (bpf_object__load(object))
		die("load");
	struct bpf_link *link = bpf_map__attach_struct_ops(ops);
	if (!link)
		die("attach");
	/* Attached is what stays: nothing has been recorded in .data. And somebody has to notice
	 * when it leaves. */
	watch();
	char *live =
		mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, bpf_map__fd(globals_map), 0);
	if (live == MAP_FAILED)
		die("mmap");
	const volatile int *kind = (const int *)(live + offset_of_variable(btf, ".data", "uei"));
	if (*kind)
		die("left already");
	printf("%llu\n", (unsigned long long)(now() - start));

	if (argc == 3) {
		uint64_t began = clock_ns(CLOCK_PROCESS_CPUTIME_ID), left;

		fflush(stdout);
		for (int second = 0; !*kind && second < atoi(argv[2]); second++)
			sleep(1);
		left = *kind ? now() : 0;
		printf("%llu %llu\n", (unsigned long long)left,
		       (unsigned long long)(clock_ns(CLOCK_PROCESS_CPUTIME_ID) - began));
	}
	bpf_link__destroy(link);
	bpf_object__close(object);
	btf__free(kernel);
	return 0;
}
