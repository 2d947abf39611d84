/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Statistics: name, meaning and storage of each in one line, counted by one call.
 *
 *	SCX_STATS(simple_stats,
 *		SCX_COUNTER(local, "tasks put straight on the local queue of an idle CPU"),
 *		SCX_HISTOGRAM(waited, "ns", "how long tasks waited for their CPU"),
 *		SCX_GAUGE(busy, "CPUs that run a task now")
 *	);
 *
 *	scx_stat_inc(local);
 *	scx_stat_set(busy, 1);
 *	scx_stat_observe(waited, ns);
 *
 * User space learns all of it from BTF; nothing has to be told to it:
 *
 *  - the map `scx_stats` is a PERCPU_ARRAY of one struct of u64 (one system call reads all);
 *  - the struct carries the declaration tag `scx_stats`;
 *  - each member carries `scx_kind:counter`, `scx_kind:gauge` or `scx_kind:histogram` (then it is
 *    an array: 64 buckets and the sum), `scx_desc:<text>` and, where there is one,
 *    `scx_unit:<unit>`, `scx_family:<name>` and any number of `scx_label:<label>=<value>`.
 *
 * The value of a statistic is the sum over all possible CPUs, mod 2^64. So a gauge is what this
 * CPU adds to the whole; it may be counted up on one CPU and down on another.
 *
 * Works in any BPF object on Linux 5.19 or newer, schedulers or not. One SCX_STATS() an object.
 */
#ifndef __SCXKIT_STATS_H
#define __SCXKIT_STATS_H

#include <scxkit/types.h>

#define __scx_tag(__text) __attribute__((btf_decl_tag(__text)))

/* A number of events since the object was loaded; only grows. */
#define SCX_COUNTER(__name, __desc) \
	__name __scx_tag("scx_kind:counter") __scx_tag("scx_desc:" __desc)

/* A counter of @__unit, such as "ns" or "bytes". */
#define SCX_COUNTER_OF(__name, __unit, __desc) \
	SCX_COUNTER(__name, __desc) __scx_tag("scx_unit:" __unit)

/* A level, which goes up and down. */
#define SCX_GAUGE(__name, __desc) __name __scx_tag("scx_kind:gauge") __scx_tag("scx_desc:" __desc)

#define SCX_GAUGE_OF(__name, __unit, __desc) SCX_GAUGE(__name, __desc) __scx_tag("scx_unit:" __unit)

/*
 * How many values there were of each size, and their sum: bucket 0 has the zeros, bucket i what
 * is from 2^(i-1) to 2^i - 1, bucket 63 also all that is larger. It takes 520 bytes a CPU.
 */
#define SCX_HISTOGRAM(__name, __unit, __desc)                                                   \
	__name[__SCX_BUCKETS + 1] __scx_tag("scx_kind:histogram") __scx_tag("scx_desc:" __desc) \
		__scx_tag("scx_unit:" __unit)

#define __SCX_BUCKETS 64

/*
 * Written after one of these: makes it one of a family, told from the others by a label, so that
 * one metric has them all, enqueued{queue="shared"}. Repeated, it adds a label.
 *
 *	SCX_COUNTER(shared, "tasks put on the shared queue") SCX_LABEL(enqueued, "queue=shared"),
 */
#define SCX_LABEL(__family, __label) \
	__scx_tag("scx_family:" #__family) __scx_tag("scx_label:" __label)

/*
 * Declare the statistics. @__type names the struct, and with it the statistics as a whole.
 * Outside of functions, once.
 */
#define SCX_STATS(__stats_type, ...)                                                      \
	struct __stats_type {                                                             \
		u64 __VA_ARGS__;                                                          \
	} __scx_tag("scx_stats");                                                         \
                                                                                          \
	struct {                                                                          \
		__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);                                  \
		__uint(max_entries, 1);                                                   \
		__type(key, u32);                                                         \
		__type(value, struct __stats_type);                                       \
	} scx_stats SEC(".maps");                                                         \
                                                                                          \
	static __always_inline __scx_unused struct __stats_type *scx_stats_this_cpu(void) \
	{                                                                                 \
		u32 __zero = 0;                                                           \
                                                                                          \
		return bpf_map_lookup_elem(&scx_stats, &__zero);                          \
	}                                                                                 \
	__SCX_STATS_RESET(__stats_type)                                                   \
	_Static_assert(sizeof(struct __stats_type) <= 32768,                              \
		       "a per-CPU value holds 4096 statistics")

/*
 * The same in mapped memory, in place of SCX_STATS: counting takes no lookup, and user space reads
 * without a system call. It takes a row, of whole cache lines, for each of SCX_STATS_CPUS CPUs
 * (1024 unless defined before the include; a loader refuses the object on a larger machine), and
 * can't be reset in the kernel.
 */
#define SCX_STATS_MAPPED(__stats_type, ...)                                               \
	struct __stats_type {                                                             \
		u64 __VA_ARGS__;                                                          \
	} __scx_tag("scx_stats") __attribute__((aligned(64)));                            \
                                                                                          \
	struct __stats_type scx_stats_rows[SCX_STATS_CPUS] SEC(".bss.scx_stats");         \
                                                                                          \
	static __always_inline __scx_unused struct __stats_type *scx_stats_this_cpu(void) \
	{                                                                                 \
		u32 __cpu = bpf_get_smp_processor_id();                                   \
                                                                                          \
		return __cpu < SCX_STATS_CPUS ? &scx_stats_rows[__cpu] : NULL;            \
	}                                                                                 \
	_Static_assert(sizeof(struct __stats_type) <= 32768, "a row holds 4096 statistics")

#ifndef SCX_STATS_CPUS
#define SCX_STATS_CPUS 1024
#endif

#define __scx_stat_do(__expression)                                          \
	({                                                                   \
		typeof(scx_stats_this_cpu()) __stats = scx_stats_this_cpu(); \
                                                                             \
		if (__stats)                                                 \
			__expression;                                        \
	})

/*
 * Count. A load, an addition and a store: exact where nobody else on the same CPU can count the
 * same statistic in between. That holds among scheduler callbacks that run with the run queue
 * locked or interrupts off, which is most of them. It doesn't hold for sleepable callbacks and
 * syscall programs (they can be preempted), timers and tracepoints: those want _atomic.
 */
#define scx_stat_add(__name, __n) __scx_stat_do(__stats->__name += (__n))
#define scx_stat_inc(__name)	  scx_stat_add(__name, 1)
#define scx_stat_sub(__name, __n) __scx_stat_do(__stats->__name -= (__n))
#define scx_stat_dec(__name)	  scx_stat_sub(__name, 1)

/* For what other contexts may also count. All who count that statistic then have to use it. */
#define scx_stat_add_atomic(__name, __n) \
	__scx_stat_do((void)__sync_fetch_and_add(&__stats->__name, (__n)))
#define scx_stat_inc_atomic(__name) scx_stat_add_atomic(__name, 1)

/* This CPU's share of a gauge. */
#define scx_stat_set(__name, __value) __scx_stat_do(__stats->__name = (__value))

/*
 * Put a value into a histogram. Plain, like scx_stat_add(); a value and its sum are counted one
 * after the other.
 */
#define scx_stat_observe(__name, __value)                     \
	__scx_stat_do(({                                      \
		u64 __observed = (__value);                   \
                                                              \
		__stats->__name[__scx_bucket(__observed)]++;  \
		__stats->__name[__SCX_BUCKETS] += __observed; \
	}))

/* For values that other contexts also put into it, as scx_stat_add_atomic(). */
#define scx_stat_observe_atomic(__name, __value)                                     \
	__scx_stat_do(({                                                             \
		u64 __observed = (__value);                                          \
                                                                                     \
		__sync_fetch_and_add(&__stats->__name[__scx_bucket(__observed)], 1); \
		__sync_fetch_and_add(&__stats->__name[__SCX_BUCKETS], __observed);   \
	}))

/* The number of significant bits, at most 63. */
static __always_inline __scx_unused u32 __scx_bucket(u64 value)
{
	u32 bits = 0;

#pragma clang loop unroll(full)
	for (u32 step = 32; step; step /= 2) {
		if (value >> step) {
			value >>= step;
			bits += step;
		}
	}
	bits += value != 0;
	return bits < __SCX_BUCKETS ? bits : __SCX_BUCKETS - 1;
}

/*
 * Read and reset, exactly.
 *
 * Zeroing a counter from outside loses what is counted in between, and exchanging it is exact
 * only if all who count are atomic. So nothing that is counted is ever touched. Instead
 * `scx_stats_base` remembers, for each counter, how much of its sum has been claimed already,
 * and the program `scx_stats_reset` claims the rest:
 *
 *	sum = over all possible CPUs; base: old -> sum, if it is still old; claim sum - old
 *
 * Its context is the struct itself; after BPF_PROG_RUN each member holds what was claimed, that
 * is, what was counted since the claim before, whoever made that. A claim is never negative. If
 * several claim at once, one of them gets each event; what nobody got yet is in the next claim.
 * Hence all claims together, from all who ever called, equal the value of base, never exceed the
 * truth, and equal the truth once a claim is made after the last event. That holds with plain
 * counting and any number of callers.
 *
 * For a gauge the claim means nothing: who reads ignores it.
 *
 * An object that doesn't want this defines SCX_STATS_NO_RESET before the include. It is unrolled
 * at compile time, which compilers do up to about a thousand statistics.
 */
#ifdef SCX_STATS_NO_RESET

#define __SCX_STATS_RESET(__stats_type)

#else

/*
 * More than any kernel has CPUs. The lookup says where the possible ones end, but not where there
 * are holes in their numbers: there it gives memory that is nobody's. So a loader has to know that
 * there are none (/sys/devices/system/cpu/possible is 0-n; ours refuses to reset otherwise).
 */
#define __SCX_STATS_CPUS (1 << 16)

/* Each u64 of the struct, at a constant offset: a context takes no other. */
#define __scx_stats_for_each(__i, __stats_type)              \
	_Pragma("clang loop unroll(full)") for (u32 __i = 0; \
						__i < sizeof(__stats_type) / sizeof(u64); __i++)

#define __SCX_STATS_RESET(__stats_type)                                                          \
	struct {                                                                                 \
		__uint(type, BPF_MAP_TYPE_ARRAY);                                                \
		__uint(max_entries, 1);                                                          \
		__type(key, u32);                                                                \
		__type(value, struct __stats_type);                                              \
	} scx_stats_base SEC(".maps");                                                           \
                                                                                                 \
	static long __scx_stats_add_cpu(u32 __cpu, volatile u64 **__sums)                        \
	{                                                                                        \
		u32 __zero = 0;                                                                  \
		volatile u64 *__values = bpf_map_lookup_percpu_elem(&scx_stats, &__zero, __cpu); \
		volatile u64 *__sum = *__sums;                                                   \
                                                                                                 \
		if (!__values)                                                                   \
			return 1;                                                                \
		__scx_stats_for_each (__i, struct __stats_type)                                  \
			__sum[__i] += __values[__i];                                             \
		return 0;                                                                        \
	}                                                                                        \
                                                                                                 \
	SEC("syscall")                                                                           \
	int scx_stats_reset(struct __stats_type *__ctx)                                          \
	{                                                                                        \
		u32 __zero = 0;                                                                  \
		volatile u64 *__sums = (volatile u64 *)__ctx;                                    \
		volatile u64 *__base = bpf_map_lookup_elem(&scx_stats_base, &__zero);            \
                                                                                                 \
		if (!__base)                                                                     \
			return -ENOENT;                                                          \
		__scx_stats_for_each (__i, struct __stats_type)                                  \
			__sums[__i] = 0;                                                         \
		bpf_loop(__SCX_STATS_CPUS, __scx_stats_add_cpu, &__sums, 0);                     \
		__scx_stats_for_each (__i, struct __stats_type)                                  \
			__sums[__i] = __scx_stats_claim(&__base[__i], __sums[__i]);              \
		return 0;                                                                        \
	}

/* Out of line, so that the verifier's state stays small however many statistics there are. */
static __noinline __scx_unused u64 __scx_stats_claim(volatile u64 *base, u64 sum)
{
	u64 old = *base;

	if ((s64)(sum - old) <= 0)
		return 0;
	if (__sync_val_compare_and_swap(base, old, sum) != old)
		return 0;
	return sum - old;
}

#endif /* SCX_STATS_NO_RESET */
#endif /* __SCXKIT_STATS_H */
