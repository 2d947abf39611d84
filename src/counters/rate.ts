// SPDX-License-Identifier: MIT

/**
 * Events a second.
 * @param events what a counter grew by, as `delta` of a sample
 * @param interval ns in which it did, as `interval` of that sample
 * @returns 0 for an interval of none
 */
export const perSecond = (events: bigint, interval: bigint): number =>
  interval <= 0n ? 0 : (Number(events) / Number(interval)) * 1e9;

/**
 * Which part of a whole something is, from 0 to 1: a counter's delta among those of its family, for instance.
 * @returns 0 of a whole of nothing
 */
export const share = (part: bigint, whole: bigint): number => (whole <= 0n ? 0 : Number(part) / Number(whole));
