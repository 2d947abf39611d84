// SPDX-License-Identifier: GPL-2.0-only
/* The same map by name, with smaller values. */
#define PINNED_VALUE u32
#include "pinned.bpf.c"
