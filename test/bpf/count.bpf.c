// SPDX-License-Identifier: GPL-2.0-only
/*
 * Counts what it is told to, so that tests know the truth; and has a global of every kind, so
 * that tests can write and read them. No scheduler: loads on Linux 5.19 and newer.
 */
#include <scxkit/types.h>
#include <scxkit/stats.h>

char _license[] SEC("license") = "GPL";

SCX_STATS(count_stats,
	SCX_COUNTER(events, "events counted plainly"),
	SCX_COUNTER_OF(bytes, "bytes", "bytes counted plainly, 100 with each event"),
	SCX_COUNTER(shared, "events counted atomically"),
	SCX_COUNTER(odd, "odd values observed") SCX_LABEL(observed, "parity=odd"),
	SCX_COUNTER(even, "even values observed") SCX_LABEL(observed, "parity=even"),
	SCX_HISTOGRAM(sizes, "bytes", "values observed"),
	SCX_GAUGE(level, "the level that was set last, summed over CPUs")
);

/*
 * These run preemptible. Plain counting is exact as long as no two tasks that run it share a CPU:
 * pin them.
 */
struct count_args {
	u64 n; /* up to 8388608, what bpf_loop() does */
};

static long one_plain(u32 i __scx_unused, void *ctx __scx_unused)
{
	scx_stat_inc(events);
	scx_stat_add(bytes, 100);
	return 0;
}

static long one_atomic(u32 i __scx_unused, void *ctx __scx_unused)
{
	scx_stat_inc_atomic(shared);
	return 0;
}

SEC("syscall")
int count_plain(struct count_args *args)
{
	return bpf_loop(args->n, one_plain, NULL, 0) == (long)args->n ? 0 : -E2BIG;
}

SEC("syscall")
int count_atomic(struct count_args *args)
{
	return bpf_loop(args->n, one_atomic, NULL, 0) == (long)args->n ? 0 : -E2BIG;
}

SEC("syscall")
int set_level(struct count_args *args)
{
	scx_stat_set(level, args->n);
	return 0;
}

enum colour {
	RED,
	GREEN = 7,
	BLUE = -3,
};

enum wide_flag {
	WIDE_LOW = 1,
	WIDE_HIGH = 1ULL << 40,
};

struct inner {
	u32 id;
	s16 pair[2];
};

struct outer {
	u8 tag;
	struct inner one;
	struct inner many[3];
	u64 last;
};

/* Three sections, the same globals: ro_* and data_* with values, bss_* without. */
#define GLOBALS(__qualifier, __prefix)                                          \
	__qualifier u8 __prefix##_u8 = 0xff;                                    \
	__qualifier u16 __prefix##_u16 = 0xffff;                                \
	__qualifier u32 __prefix##_u32 = 0xffffffff;                            \
	__qualifier u64 __prefix##_u64 = 0xffffffffffffffff;                    \
	__qualifier s8 __prefix##_s8 = -128;                                    \
	__qualifier s16 __prefix##_s16 = -32768;                                \
	__qualifier s32 __prefix##_s32 = -2147483647 - 1;                       \
	__qualifier s64 __prefix##_s64 = -9223372036854775807 - 1;              \
	__qualifier bool __prefix##_bool = true;                                \
	__qualifier char __prefix##_char = 'x';                                 \
	__qualifier float __prefix##_float = 1.5f;                              \
	__qualifier double __prefix##_double = -0.1;                            \
	__qualifier enum colour __prefix##_colour = GREEN;                      \
	__qualifier enum wide_flag __prefix##_wide = WIDE_HIGH;                 \
	__qualifier char __prefix##_text[16] = "hello";                         \
	__qualifier s32 __prefix##_ints[4] = {1, -2, 3, -4};                    \
	__qualifier u16 __prefix##_grid[2][3] = {{1, 2, 3}, {4, 5, 6}};         \
	__qualifier struct outer __prefix##_outer = {                           \
		.tag = 9,                                                       \
		.one = {.id = 1, .pair = {-1, 1}},                              \
		.many = {{.id = 10}, {.id = 20}, {.id = 30, .pair = {31, 32}}}, \
		.last = 1ULL << 63,                                             \
	}

GLOBALS(const volatile, ro);
GLOBALS(volatile, data);

volatile u8 bss_u8;
volatile u16 bss_u16;
volatile u32 bss_u32;
volatile u64 bss_u64;
volatile s8 bss_s8;
volatile s16 bss_s16;
volatile s32 bss_s32;
volatile s64 bss_s64;
volatile bool bss_bool;
volatile char bss_char;
volatile float bss_float;
volatile double bss_double;
volatile enum colour bss_colour;
volatile enum wide_flag bss_wide;
volatile char bss_text[16];
volatile s32 bss_ints[4];
volatile u16 bss_grid[2][3];
volatile struct outer bss_outer;

/* What the program sees, sign-extended: one of each kind. */
struct seen {
	u64 u8_, u16_, u32_, u64_;
	s64 s8_, s16_, s32_, s64_;
	u64 bool_, char_;
	s64 colour, wide;
	u64 text1;  /* text[1] */
	s64 ints3;  /* ints[3] */
	u64 grid12; /* grid[1][2] */
	s64 outer;  /* outer.many[2].pair[1] */
};

#define SEE(__prefix)                                           \
	SEC("syscall")                                          \
	int see_##__prefix(struct seen *seen)                   \
	{                                                       \
		seen->u8_ = __prefix##_u8;                      \
		seen->u16_ = __prefix##_u16;                    \
		seen->u32_ = __prefix##_u32;                    \
		seen->u64_ = __prefix##_u64;                    \
		seen->s8_ = __prefix##_s8;                      \
		seen->s16_ = __prefix##_s16;                    \
		seen->s32_ = __prefix##_s32;                    \
		seen->s64_ = __prefix##_s64;                    \
		seen->bool_ = __prefix##_bool;                  \
		seen->char_ = __prefix##_char;                  \
		seen->colour = __prefix##_colour;               \
		seen->wide = __prefix##_wide;                   \
		seen->text1 = __prefix##_text[1];               \
		seen->ints3 = __prefix##_ints[3];               \
		seen->grid12 = __prefix##_grid[1][2];           \
		seen->outer = __prefix##_outer.many[2].pair[1]; \
		return 0;                                       \
	}

SEE(ro)
SEE(data)
SEE(bss)

/* Change .data and .bss from inside, for those who read them while the program lives. */
SEC("syscall")
int bump(void *ctx __scx_unused)
{
	data_u64++;
	bss_s32--;
	bss_outer.many[1].id += 5;
	return 0;
}

SEC("syscall")
int observe(struct count_args *args)
{
	u64 value = args->n;

	if (value & 1)
		scx_stat_inc(odd);
	else
		scx_stat_inc(even);
	scx_stat_observe(sizes, value);
	return 0;
}

SEC("syscall")
int observe_atomic(struct count_args *args)
{
	scx_stat_observe_atomic(sizes, args->n);
	return 0;
}
