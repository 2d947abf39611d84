// SPDX-License-Identifier: GPL-2.0-only
/* Broken: ops.init fails. Attaching works nevertheless; the scheduler is thrown out afterwards. */
#include <scxkit/scx.h>

SCX_LICENSE();
SCX_EXIT_DEFINE(uei);

const volatile s32 init_error = -ENODEV;

s32 SCX_OPS_SLEEPABLE(init_fail_init)
{
	return init_error;
}

void SCX_OPS_SLEEPABLE(init_fail_exit, struct scx_exit_info *ei)
{
	SCX_EXIT_RECORD(uei, ei);
}

SCX_OPS_DEFINE(init_fail_ops,
	.init = (void *)init_fail_init,
	.exit = (void *)init_fail_exit,
	.name = "init_fail",
);
