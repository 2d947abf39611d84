// SPDX-License-Identifier: GPL-2.0-only
/* Two schedulers in one object, which also calls what no kernel has. Only looked at, never loaded.
 */
#include <scxkit/scx.h>

SCX_LICENSE();

extern int LINUX_KERNEL_VERSION __kconfig;
extern const int scxkit_no_variable __ksym __weak;
void scxkit_no_function(u64 dsq_id) __ksym;
void scxkit_no_function___old(void) __ksym __weak;

struct entry {
	u64 count[2][3];
	struct entry *next;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__type(key, s32);
	__type(value, struct entry);
} entries SEC(".maps");

u8 buffer[8192] = {1};
struct entry *place = (void *)1;

void SCX_OPS(two_enqueue, struct task_struct *p, u64 enq_flags)
{
	if (LINUX_KERNEL_VERSION)
		scx_bpf_dsq_insert(p, SCX_DSQ_GLOBAL, SCX_SLICE_DFL, enq_flags);
	if (bpf_ksym_exists(scxkit_no_function___old))
		scxkit_no_function___old();
	if (bpf_ksym_exists(&scxkit_no_variable))
		scxkit_no_function(place ? buffer[enq_flags & 1023] : 0);
}

SCX_OPS_DEFINE(first_ops, .enqueue = (void *)two_enqueue, .name = "first");
SCX_OPS_DEFINE(second_ops, .enqueue = (void *)two_enqueue, .flags = ~0ULL, .name = "second");
