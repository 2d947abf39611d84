// SPDX-License-Identifier: GPL-2.0-only
/* events.bpf.c in mapped memory. */
#define EVENT_STATS SCX_STATS_MAPPED
#include "events.bpf.c"
