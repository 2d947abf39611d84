// SPDX-License-Identifier: GPL-2.0-only
/*
 * What no kernel can load, one object for each name below (built with -DTRAP_<name>). None needs
 * sched_ext: the kernel's TCP has struct_ops of its own.
 */
#include <scxkit/types.h>
#include <scxkit/kernel.h>

char _license[] SEC("license") = "GPL";

#ifdef TRAP_no_kfunc
void scx_bpf_scxkit_nothing(u64 value) __ksym;
#define RETURN (scx_bpf_scxkit_nothing(1), 0)
#endif

/* In 6.16, and in no later kernel that we test on. */
#ifdef TRAP_old_kfunc
void scx_bpf_dispatch(struct task_struct *p, u64 dsq_id, u64 slice, u64 enq_flags) __ksym;
#define RETURN (scx_bpf_dispatch(0, 0, 0, 0), 0)
#endif

/* Debian's 7.2.12 describes it as nobody can call it. */
#ifdef TRAP_broken_kfunc
void scx_bpf_kick_cpu(s32 cpu, u64 flags) __ksym;
#define RETURN (scx_bpf_kick_cpu(0, 0), 0)
#endif

/* In 7.2, and in no earlier kernel that we test on. */
#ifdef TRAP_new_kfunc
u32 scx_bpf_nr_cids(void) __ksym;
#define RETURN (scx_bpf_nr_cids() ? 0 : 1)
#endif

/* In module 9pnet, for inspect, which doesn't ask whether it is meant for BPF. */
#ifdef TRAP_module_kfunc
void p9_client_disconnect(void *client) __ksym;
#define RETURN (p9_client_disconnect(0), 0)
#endif

#ifdef TRAP_wrong_kfunc
void bpf_rcu_read_lock(u64 value) __ksym;
#define RETURN (bpf_rcu_read_lock(1), 0)
#endif

#ifdef TRAP_no_config
extern int CONFIG_SCXKIT_NOTHING __kconfig;
#define RETURN CONFIG_SCXKIT_NOTHING
#endif

#ifdef TRAP_no_variable
extern const int scxkit_no_variable __ksym;
#define RETURN scxkit_no_variable
#endif

#ifdef TRAP_huge_map
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1 << 30);
	__type(key, u32);
	__type(value, u64[512]);
} huge SEC(".maps");
#define MAP huge
#endif

#ifdef TRAP_no_map_type
struct {
	__uint(type, 99);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, u64);
} future SEC(".maps");
#define MAP future
#endif

#ifdef MAP
static u32 zero;
#define RETURN (bpf_map_lookup_elem(&MAP, &zero) ? 1 : 0)
#endif

#ifdef RETURN
SEC("syscall")
int trap(void *ctx __attribute__((unused)))
{
	return RETURN;
}
#endif

#ifdef TRAP_no_target
SEC("fentry/scxkit_no_function")
int trap(void *ctx __attribute__((unused)))
{
	return 0;
}
#endif

/* Unknown to kernels without CONFIG_BPF_LIRC_MODE2. */
#ifdef TRAP_no_program_type
SEC("lirc_mode2")
int trap(void *ctx __attribute__((unused)))
{
	return 0;
}
#endif

#ifdef TRAP_no_ops
struct scxkit_no_ops {
	u32 (*call)(void *sock);
};
#define OPS struct scxkit_no_ops ops = {.call = (void *)trap}
#endif

#ifdef TRAP_no_member
struct tcp_congestion_ops {
	u32 (*ssthresh)(void *sock);
	u32 (*scxkit_no_member)(void *sock);
};
#define OPS \
	struct tcp_congestion_ops ops = {.ssthresh = (void *)trap, .scxkit_no_member = (void *)trap}
#endif

#ifdef TRAP_wrong_member
struct tcp_congestion_ops {
	u32 (*ssthresh)(void *sock);
	u32 flags[3];
};
#define OPS struct tcp_congestion_ops ops = {.ssthresh = (void *)trap, .flags = {1, 2, 3}}
#endif

/* The kernel's BTF has no array of that size. */
#ifdef TRAP_wrong_btf
struct tcp_congestion_ops {
	u32 (*ssthresh)(void *sock);
};
struct too_large {
	u64 (*values)[1ULL << 30];
} *used;
#define OPS struct tcp_congestion_ops ops = {.ssthresh = (void *)trap}
#endif

#ifdef OPS
SEC("struct_ops")
u32 trap(void *ctx __attribute__((unused)))
{
	return 0;
}
SEC(".struct_ops.link")
OPS;
#endif
