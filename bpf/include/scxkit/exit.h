/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Telling user space why the scheduler left.
 *
 *	SCX_EXIT_DEFINE(uei);
 *
 *	void SCX_OPS_SLEEPABLE(simple_exit, struct scx_exit_info *ei)
 *	{
 *		SCX_EXIT_RECORD(uei, ei);
 *	}
 *
 * The layout and the names derived from `uei` are those of the schedulers in the kernel tree, so
 * loaders made for either read both.
 */
#ifndef __SCXKIT_EXIT_H
#define __SCXKIT_EXIT_H

#include <scxkit/types.h>
#include <scxkit/kernel.h>

struct user_exit_info {
	int kind;     /* enum scx_exit_kind; not 0 means that all the rest is there */
	s32 exit_cpu; /* -1 where the kernel doesn't say (before 7.2) */
	s64 exit_code;
	char reason[128];
	char msg[1024];
};

/*
 * Define the record. The debug dump has a section of its own, which the loader may make as long
 * as it likes before loading: it then puts the same length into <name>_dump_len. Left at 0, there
 * is no dump.
 */
#define SCX_EXIT_DEFINE(__name)                              \
	char __name##_dump[1] SEC(".data." #__name "_dump"); \
	const volatile u32 __name##_dump_len;                \
	struct user_exit_info __name SEC(".data")

/*
 * Fill it in. The kind is stored last and by an exchange, which on all CPUs comes after all
 * stores before it: who reads a kind reads the whole record.
 */
#define SCX_EXIT_RECORD(__name, __ei)                                                            \
	({                                                                                       \
		struct scx_exit_info *___ei = (__ei);                                            \
                                                                                                 \
		bpf_probe_read_kernel_str(__name.reason, sizeof(__name.reason), ___ei->reason);  \
		bpf_probe_read_kernel_str(__name.msg, sizeof(__name.msg), ___ei->msg);           \
		bpf_probe_read_kernel_str(__name##_dump, __name##_dump_len, ___ei->dump);        \
		__name.exit_code = ___ei->exit_code;                                             \
		__name.exit_cpu = bpf_core_field_exists(___ei->exit_cpu) ? ___ei->exit_cpu : -1; \
		__sync_lock_test_and_set(&__name.kind, (int)___ei->kind);                        \
	})

#endif /* __SCXKIT_EXIT_H */
