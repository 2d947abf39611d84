// SPDX-License-Identifier: MIT
import type { ScalarType, StatKind, StatsSchema, StatValue } from "../stats/schema.js";
import { visitValues } from "../stats/visit.js";

/** One value of a bulk answer, with its type. */
export interface Param {
  readonly kind: Exclude<StatKind, "histogram">;
  readonly type: ScalarType;
  /** bigint for u64 and i64, number for float. */
  readonly value: bigint | number | string;
}

/** Parameters by their dotted names. */
export type Params = Map<string, Param>;

const counter = (value: bigint): Param => ({ kind: "counter", type: "u64", value });

/** Adds a group of values, their names behind the prefix. Counters are their totals; buckets that hold nothing are left out. */
export function addGroup(
  params: Params,
  prefix: string,
  schema: StatsSchema,
  values: Readonly<Record<string, StatValue>>,
): void {
  visitValues(prefix, schema, values, (name, { type }, value) => {
    if ("total" in value) params.set(name, counter(value.total));
    else if ("value" in value)
      params.set(name, { kind: "gauge", type: typeof type === "string" ? type : "i64", value: value.value });
    else {
      params.set(`${name}.count`, counter(value.count));
      params.set(`${name}.sum`, counter(value.sum));
      for (const [i, count] of value.buckets.entries())
        if (count > 0n) params.set(`${name}.bucket.${i}`, counter(count));
    }
  });
}
