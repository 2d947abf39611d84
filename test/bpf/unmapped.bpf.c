// SPDX-License-Identifier: GPL-2.0-only
/*
 * Global data that user space can't map: libbpf doesn't ask for it where all variables are static,
 * and the kernel refuses it where something of its own is kept. No scheduler.
 */
#include <scxkit/kernel.h>
#include <bpf/bpf_helpers.h>

char _license[] SEC("license") = "GPL";

static volatile u64 nr_seen;

struct guarded {
	struct bpf_spin_lock lock;
	u64 value;
};

struct guarded guarded SEC(".data.guarded");
u64 nr_guarded SEC(".data.guarded") = 7;

struct timed {
	u64 nr;
	struct {
		struct bpf_timer timer;
	} in[1];
};

struct timed timed SEC(".bss.timed");
struct task_struct __kptr_untrusted *kept[2] SEC(".bss.kept");
struct task_struct *mapped SEC(".data.mapped");

struct see_args {
	u64 n;
};

SEC("syscall")
int see(struct see_args *args)
{
	nr_seen += args->n;
	return 0;
}
