// SPDX-License-Identifier: GPL-2.0-only
/* Holds a map of maps, which can't be emptied without losing the maps in it. */
#include <scxkit/scx.h>

SCX_LICENSE();
SCX_EXIT_DEFINE(uei);

struct inner {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, u64);
} inner_map SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 1);
	__type(key, u32);
	__array(values, struct inner);
} inner_maps SEC(".maps") = {
	.values = {&inner_map},
};

void SCX_OPS_SLEEPABLE(unrestorable_exit, struct scx_exit_info *ei)
{
	SCX_EXIT_RECORD(uei, ei);
}

SCX_OPS_DEFINE(unrestorable_ops,
	.exit = (void *)unrestorable_exit,
	.name = "unrestorable",
);
