// SPDX-License-Identifier: GPL-2.0-only
/*
 * Globals of the less common types, arrays that are resized before load, and a program with a
 * context of its own type. Loads on any kernel.
 */
#include <scxkit/types.h>

char _license[] SEC("license") = "GPL";

enum mood {
	CALM = 1,
	BUSY = 5,
};

struct limits {
	u32 low : 4;
	s32 high : 5;
	bool on : 1;
	enum mood mood : 3;
	u64 wide : 40;
	union {
		u64 all;
		u32 half;
	};
	struct {
		s16 x, y;
	};
	double weight;
};

struct config {
	u32 weights[4];
	struct limits rows[2];
	u8 grid[2][3];
};

struct config config = {.weights = {1, 2, 3, 4}, .rows[1] = {.low = 15, .high = -16}};

/* Each in a section of its own, as upstream's RESIZABLE_ARRAY has them. */
u64 marks[1] SEC(".data.marks");
const volatile u32 table[1] SEC(".rodata.table") = {7};
s16 zeros[1] SEC(".bss.zeros");

/* Its loader says how many entries it has. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__type(key, u32);
	__type(value, u64);
} shapes_map SEC(".maps");

/* How many elements the arrays have. */
const volatile u32 nr;

struct shapes_args {
	u32 add;
	s16 y;
	char name[6];
	u64 sum;
	struct {
		u32 first, second;
	};
	u64 counts[3];
};

/* Sums up the table, and leaves a mark for each of its elements; says what it found of the rest. */
SEC("syscall")
int shapes_sum(struct shapes_args *args)
{
	const volatile u32 *from = table;
	u64 *to = marks;
	u64 sum = 0;

	asm volatile("" : "+r"(from), "+r"(to)); /* the compiler believes in one element */
	for (u32 i = 0; i < nr; i++) {
		sum += from[i];
		to[i] += args->add;
	}
	args->sum = sum;
	args->y = config.rows[1].y;
	args->name[1] = 'x';
	args->first = config.rows[1].low;
	args->second = config.rows[1].mood;
	args->counts[2] = args->counts[0] + args->counts[1];
	return args->name[0] == 'a' ? -E2BIG : nr;
}

SEC("syscall")
int shapes_none(void)
{
	return zeros[0];
}

SEC("syscall")
int shapes_untyped(void *ctx __scx_unused)
{
	return 1;
}
