// SPDX-License-Identifier: MIT
// Made by scxkit gen from count: don't change it, make it again.

import { BpfObject, type CounterValue, type GaugeValue, type HistogramValue, type OpenOptions } from "../../../src/index.js";

/** Global variables that can't be set any more after load. */
export type CountConstants = {
  /** `u8` in .rodata, `255` unless set. */
  ro_u8: number;
  /** `u16` in .rodata, `65535` unless set. */
  ro_u16: number;
  /** `u32` in .rodata, `4294967295` unless set. */
  ro_u32: number;
  /** `u64` in .rodata, `18446744073709551615` unless set. */
  ro_u64: bigint;
  /** `s8` in .rodata, `-128` unless set. */
  ro_s8: number;
  /** `s16` in .rodata, `-32768` unless set. */
  ro_s16: number;
  /** `s32` in .rodata, `-2147483648` unless set. */
  ro_s32: number;
  /** `s64` in .rodata, `-9223372036854775808` unless set. */
  ro_s64: bigint;
  /** `bool` in .rodata, `true` unless set. */
  ro_bool: boolean;
  /** `char` in .rodata, `120` unless set. */
  ro_char: number;
  /** `float` in .rodata, `1.5` unless set. */
  ro_float: number;
  /** `double` in .rodata, `-0.1` unless set. */
  ro_double: number;
  /** `enum colour` in .rodata, `"GREEN"` unless set. */
  ro_colour: CountColour | number;
  /** `enum wide_flag` in .rodata, `"WIDE_HIGH"` unless set. */
  ro_wide: CountWideFlag | bigint;
  /** `char[16]` in .rodata, `"hello"` unless set. */
  ro_text: string;
  /** `s32[4]` in .rodata, `[1,-2,3,-4]` unless set. */
  ro_ints: readonly number[];
  /** `u16[2][3]` in .rodata, `[[1,2,3],[4,5,6]]` unless set. */
  ro_grid: readonly (readonly number[])[];
  /** `struct outer` in .rodata. */
  ro_outer: CountOuter;
};

/** Global variables that can always be set. */
export type CountVariables = {
  /** `u8` in .bss, `0` unless set. */
  bss_u8: number;
  /** `u16` in .bss, `0` unless set. */
  bss_u16: number;
  /** `u32` in .bss, `0` unless set. */
  bss_u32: number;
  /** `u64` in .bss, `0` unless set. */
  bss_u64: bigint;
  /** `s8` in .bss, `0` unless set. */
  bss_s8: number;
  /** `s16` in .bss, `0` unless set. */
  bss_s16: number;
  /** `s32` in .bss, `0` unless set. */
  bss_s32: number;
  /** `s64` in .bss, `0` unless set. */
  bss_s64: bigint;
  /** `bool` in .bss, `false` unless set. */
  bss_bool: boolean;
  /** `char` in .bss, `0` unless set. */
  bss_char: number;
  /** `enum colour` in .bss, `"RED"` unless set. */
  bss_colour: CountColour | number;
  /** `enum wide_flag` in .bss, `0` unless set. */
  bss_wide: CountWideFlag | bigint;
  /** `char[16]` in .bss, `""` unless set. */
  bss_text: string;
  /** `s32[4]` in .bss, `[0,0,0,0]` unless set. */
  bss_ints: readonly number[];
  /** `u16[2][3]` in .bss, `[[0,0,0],[0,0,0]]` unless set. */
  bss_grid: readonly (readonly number[])[];
  /** `struct outer` in .bss. */
  bss_outer: CountOuter;
  /** `float` in .bss, `0` unless set. */
  bss_float: number;
  /** `double` in .bss, `0` unless set. */
  bss_double: number;
  /** `u8` in .data, `255` unless set. */
  data_u8: number;
  /** `u16` in .data, `65535` unless set. */
  data_u16: number;
  /** `u32` in .data, `4294967295` unless set. */
  data_u32: number;
  /** `u64` in .data, `18446744073709551615` unless set. */
  data_u64: bigint;
  /** `s8` in .data, `-128` unless set. */
  data_s8: number;
  /** `s16` in .data, `-32768` unless set. */
  data_s16: number;
  /** `s32` in .data, `-2147483648` unless set. */
  data_s32: number;
  /** `s64` in .data, `-9223372036854775808` unless set. */
  data_s64: bigint;
  /** `bool` in .data, `true` unless set. */
  data_bool: boolean;
  /** `char` in .data, `120` unless set. */
  data_char: number;
  /** `float` in .data, `1.5` unless set. */
  data_float: number;
  /** `double` in .data, `-0.1` unless set. */
  data_double: number;
  /** `enum colour` in .data, `"GREEN"` unless set. */
  data_colour: CountColour | number;
  /** `enum wide_flag` in .data, `"WIDE_HIGH"` unless set. */
  data_wide: CountWideFlag | bigint;
  /** `char[16]` in .data, `"hello"` unless set. */
  data_text: string;
  /** `s32[4]` in .data, `[1,-2,3,-4]` unless set. */
  data_ints: readonly number[];
  /** `u16[2][3]` in .data, `[[1,2,3],[4,5,6]]` unless set. */
  data_grid: readonly (readonly number[])[];
  /** `struct outer` in .data. */
  data_outer: CountOuter;
};

/** Fields of the ops. */
export type CountOps = Record<never, never>;

/** Keys and values of the maps; of a per-CPU map a value for each CPU that there can be. */
export type CountMaps = {
  /** `array`, max_entries 1. */
  scx_stats_base: {
    /** `u32`, 4 bytes. */
    key: number;
    /** `struct count_stats`, 568 bytes. */
    value: CountStatsStruct;
  };
  /** `percpu_array`, max_entries 1. */
  scx_stats: {
    /** `u32`, 4 bytes. */
    key: number;
    /** `struct count_stats`, 568 bytes. */
    value: readonly CountStatsStruct[];
  };
};

/** Programs that can be run, with the struct that each is given. */
export type CountPrograms = {
  /** Is given `struct count_stats`. */
  scx_stats_reset: CountStatsStruct;
  /** Is given `struct count_args`. */
  count_plain: CountArgs;
  /** Is given `struct count_args`. */
  count_atomic: CountArgs;
  /** Is given `struct count_args`. */
  set_level: CountArgs;
  /** Is given `struct seen`. */
  see_ro: CountSeen;
  /** Is given `struct seen`. */
  see_data: CountSeen;
  /** Is given `struct seen`. */
  see_bss: CountSeen;
  /** Is given nothing, or bytes of a type that BTF doesn't say. */
  bump: never;
  /** Is given `struct count_args`. */
  observe: CountArgs;
  /** Is given `struct count_args`. */
  observe_atomic: CountArgs;
};

/** The other programs beside the scheduler's callbacks, with the sections that say what they are attached to. */
export type CountCompanions = Record<never, never>;

/** What a sample's `stats` hold: `count_stats`. */
export type CountStats = {
  /** Counter: events counted plainly. */
  events: CounterValue;
  /** Counter in bytes: bytes counted plainly, 100 with each event. */
  bytes: CounterValue;
  /** Counter: events counted atomically. */
  shared: CounterValue;
  /** Counter: odd values observed; `observed{parity="odd"}`. */
  odd: CounterValue;
  /** Counter: even values observed; `observed{parity="even"}`. */
  even: CounterValue;
  /** Histogram in bytes: values observed. */
  sizes: HistogramValue;
  /** Gauge: the level that was set last, summed over CPUs. */
  level: GaugeValue<bigint>;
};

/** Values of `enum colour`. */
export const CountColour = {
  RED: 0,
  GREEN: 7,
  BLUE: -3,
} as const;
/** Names of `enum colour`. */
export type CountColour = keyof typeof CountColour;

/** Values of `enum wide_flag`. */
export const CountWideFlag = {
  WIDE_LOW: 1n,
  WIDE_HIGH: 1099511627776n,
} as const;
/** Names of `enum wide_flag`. */
export type CountWideFlag = keyof typeof CountWideFlag;

/** `struct outer`, 48 bytes. */
export type CountOuter = {
  /** `u8`. */
  readonly tag: number;
  /** `struct inner`. */
  readonly one: CountInner;
  /** `struct inner[3]`. */
  readonly many: readonly CountInner[];
  /** `u64`. */
  readonly last: bigint;
};

/** `struct count_stats`, 568 bytes. */
export type CountStatsStruct = {
  /** `u64`. */
  readonly events: bigint;
  /** `u64`. */
  readonly bytes: bigint;
  /** `u64`. */
  readonly shared: bigint;
  /** `u64`. */
  readonly odd: bigint;
  /** `u64`. */
  readonly even: bigint;
  /** `u64[65]`. */
  readonly sizes: readonly bigint[];
  /** `u64`. */
  readonly level: bigint;
};

/** `struct count_args`, 8 bytes. */
export type CountArgs = {
  /** `u64`. */
  readonly n: bigint;
};

/** `struct seen`, 128 bytes. */
export type CountSeen = {
  /** `u64`. */
  readonly u8_: bigint;
  /** `u64`. */
  readonly u16_: bigint;
  /** `u64`. */
  readonly u32_: bigint;
  /** `u64`. */
  readonly u64_: bigint;
  /** `s64`. */
  readonly s8_: bigint;
  /** `s64`. */
  readonly s16_: bigint;
  /** `s64`. */
  readonly s32_: bigint;
  /** `s64`. */
  readonly s64_: bigint;
  /** `u64`. */
  readonly bool_: bigint;
  /** `u64`. */
  readonly char_: bigint;
  /** `s64`. */
  readonly colour: bigint;
  /** `s64`. */
  readonly wide: bigint;
  /** `u64`. */
  readonly text1: bigint;
  /** `s64`. */
  readonly ints3: bigint;
  /** `u64`. */
  readonly grid12: bigint;
  /** `s64`. */
  readonly outer: bigint;
};

/** `struct inner`, 8 bytes. */
export type CountInner = {
  /** `u32`. */
  readonly id: number;
  /** `s16[2]`. */
  readonly pair: readonly number[];
};

/** All names and types of `count`, for `BpfObject<Count>` and what comes of it. */
export interface Count {
  constants: CountConstants;
  variables: CountVariables;
  ops: CountOps;
  maps: CountMaps;
  programs: CountPrograms;
  companions: CountCompanions;
  stats: CountStats;
}

/** Opens `count` with these types; as BpfObject.open does, which says what it throws. */
export const openCount = (
  path: string,
  options?: OpenOptions,
): Promise<BpfObject<Count>> => BpfObject.open<Count>(path, options);
