// SPDX-License-Identifier: MIT
import { InvalidArgumentError } from "commander";

/** A flag's value in seconds. */
export function seconds(text: string): number {
  const value = Number(text);
  if (!/^\d*\.?\d+$/.test(text) || value < 0.001 || value > 2_000_000)
    throw new InvalidArgumentError("Give seconds, from 0.001 to 2000000.");
  return value;
}
