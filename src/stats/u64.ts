// SPDX-License-Identifier: MIT
/** Counts are u64, as in the kernel: sums of them begin again behind the largest. */
export const u64 = (count: bigint): bigint => BigInt.asUintN(64, count);
