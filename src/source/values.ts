// SPDX-License-Identifier: MIT
import type { StatsSchema } from "../stats/schema.js";

/** Values by name, in the types of a declared schema (`ValuesOf`). What isn't there on this machine is absent, never zero. */
export type PlainValues = Readonly<Record<string, unknown>>;

/** What can be sampled besides a scheduler's own statistics: a schema, and its values as they are now. */
export interface ValueSource {
  /** What it is selected by: `cpu`, `pressure`… */
  readonly name: string;
  /** The same object for as long as the same is described. */
  readonly schema: StatsSchema;
  /**
   * The values now; counters since whenever they count from. Called once a tick, and not to take longer than a file or two
   * does: what asks others is to do so by itself, and give its last answer here.
   * @returns undefined while there is nothing
   */
  read(): PlainValues | undefined;
  /** Called once, when nobody reads it any more. */
  close?(): void;
}

/** A copy without what is undefined. */
export const present = (values: PlainValues): PlainValues =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
