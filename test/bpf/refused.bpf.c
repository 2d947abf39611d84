// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the verifier refuses, one fault at a time: code behind a constant that isn't true is no
 * code to the verifier. Needs no sched_ext.
 */
#include <scxkit/types.h>
#include <scxkit/kernel.h>

char _license[] SEC("license") = "GPL";

enum fault {
	NONE,
	NULL_DEREF,
	STACK_BOUNDS,
	ENDLESS_LOOP,
	TOO_LONG,
	TOO_MANY_JUMPS,
	LEAK,
	HELPER_ARGUMENT,
	UNINITIALISED,
	NO_HELPER,
	UNGUARDED_KFUNC,
	NO_FIELD,
	NO_STRUCT,
	NO_ENUMERATOR,
	SLEEPABLE,
	NOT_FOR_IT,
};
const volatile enum fault fault;

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, u64);
} weights SEC(".maps");

/* A flavour of the kernel's struct with a member that it never had, and what no kernel has. */
struct task_struct___future {
	int scxkit_no_member;
} __attribute__((preserve_access_index));
struct scxkit_no_struct {
	int member;
} __attribute__((preserve_access_index));
enum scxkit_no_enum {
	SCXKIT_NO_ENUMERATOR = 1
};

struct task_struct *bpf_task_from_pid(s32 pid) __ksym __weak;
int bpf_copy_from_user_str(void *dst, u32 dst__sz, const void *unsafe_ptr__ign, u64 flags) __ksym
__weak;
void scxkit_no_kfunc(u64 value) __ksym __weak;
struct sock_common {
	u16 skc_family;
} __attribute__((preserve_access_index));
s32 bpf_sock_destroy(struct sock_common *sock) __ksym __weak;

static long (*no_helper)(void) = (void *)9999;

SEC("syscall")
int refused(u64 *ctx)
{
	u32 key = 0;
	u64 sum = 0;
	u64 *weight;

	switch (fault) {
	case NULL_DEREF:
		weight = bpf_map_lookup_elem(&weights, &key);
		*weight += 1;
		break;
	case STACK_BOUNDS: {
		u64 slots[4] = {};
		u64 index = ctx[0] & 1023;

		asm volatile("" : "+r"(index)); /* clang sees the overflow, and would use it */
		return slots[index];
	}
	case ENDLESS_LOOP:
		asm volatile("1: if %0 == 7 goto 1b" : : "r"(ctx[0]));
		break;
	case TOO_LONG:
		for (int i = 0; i < 1000000; i++)
			asm volatile("%0 += 1" : "+r"(sum));
		return sum;
	case TOO_MANY_JUMPS: {
		volatile u64 slots[8];

		for (int i = 0; i < 100000000; i++) {
			sum += bpf_get_prandom_u32() & 1 ? i : -i;
			slots[sum & 7] = sum;
		}
		return slots[0];
	}
	case LEAK:
		return bpf_task_from_pid(1) ? 1 : 0;
	case HELPER_ARGUMENT:
		return bpf_map_lookup_elem(&weights, (void *)ctx[0]) ? 1 : 0;
	case UNINITIALISED:
		asm volatile("%0 = r9" : "=r"(sum));
		return sum;
	case NO_HELPER:
		return no_helper();
	case UNGUARDED_KFUNC:
		scxkit_no_kfunc(1);
		break;
	case NO_ENUMERATOR:
		return bpf_core_enum_value(enum scxkit_no_enum, SCXKIT_NO_ENUMERATOR);
	default:
		break;
	}
	return 0;
}

SEC("tp_btf/sched_switch")
int refused_switch(u64 *ctx)
{
	char text[8];

	switch (fault) {
	case NO_FIELD:
		return ((struct task_struct___future *)ctx[1])->scxkit_no_member;
	case NO_STRUCT:
		return ((struct scxkit_no_struct *)ctx[1])->member;
	case SLEEPABLE:
		return bpf_copy_from_user_str(text, sizeof(text), (void *)ctx[0], 0);
	case NOT_FOR_IT:
		return bpf_sock_destroy((void *)ctx[1]);
	default:
		return 0;
	}
}
