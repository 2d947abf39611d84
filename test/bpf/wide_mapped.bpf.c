// SPDX-License-Identifier: GPL-2.0-only
/* wide.bpf.c in mapped memory. */
#define WIDE_STATS SCX_STATS_MAPPED
#include "wide.bpf.c"
