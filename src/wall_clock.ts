// SPDX-License-Identifier: MIT
/** ns since 1970 by the system's clock, which may be set: intervals are measured by process.hrtime. */
export const wallClock = (): bigint => BigInt(Date.now()) * 1_000_000n;
