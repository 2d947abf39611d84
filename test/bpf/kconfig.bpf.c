// SPDX-License-Identifier: GPL-2.0-only
/* Asks for the kernel's configuration: for what is not in any, and for one value that it needs. */
#include <scxkit/types.h>

char _license[] SEC("license") = "GPL";

extern int CONFIG_SCXKIT_VALUE __kconfig;
extern u64 CONFIG_SCXKIT_WIDE __kconfig __weak;
extern bool CONFIG_SCXKIT_BOOL __kconfig __weak;
extern enum libbpf_tristate CONFIG_SCXKIT_TRISTATE __kconfig __weak;
extern char CONFIG_SCXKIT_CHAR __kconfig __weak;
extern char CONFIG_SCXKIT_TEXT[8] __kconfig __weak;
extern int LINUX_KERNEL_VERSION __kconfig;

struct kconfig_args {
	s32 value;
	u64 wide;
	u32 boolean, tristate;
	u8 character;
	char text[8];
	u32 version;
};

SEC("syscall")
int kconfig_read(struct kconfig_args *args)
{
	args->value = CONFIG_SCXKIT_VALUE;
	args->wide = CONFIG_SCXKIT_WIDE;
	args->boolean = CONFIG_SCXKIT_BOOL;
	args->tristate = CONFIG_SCXKIT_TRISTATE;
	args->character = CONFIG_SCXKIT_CHAR;
	args->text[0] = CONFIG_SCXKIT_TEXT[0];
	args->text[1] = CONFIG_SCXKIT_TEXT[1];
	args->version = LINUX_KERNEL_VERSION;
	return 0;
}
