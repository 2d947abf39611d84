/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * All that a sched_ext scheduler needs. Builds with
 *
 *	clang -g -O2 -target bpf -mcpu=v3 -I<here>/include -c my.bpf.c
 *
 * and libbpf's headers, 1.4 or newer; neither vmlinux.h nor a particular kernel has to be there.
 */
#ifndef __SCXKIT_SCX_H
#define __SCXKIT_SCX_H

#include <scxkit/types.h>
#include <scxkit/kernel.h>
#include <scxkit/enums.h>
#include <scxkit/kfuncs.h>
#include <scxkit/ops.h>
#include <scxkit/exit.h>
#include <scxkit/stats.h>

#endif /* __SCXKIT_SCX_H */
