// SPDX-License-Identifier: MIT

/** A Prometheus base unit, and how many decimal digits a value moves to be in it: 9 for ns in seconds. */
export interface BaseUnit {
  readonly name: string;
  readonly digits: number;
}

const baseUnits: Readonly<Record<string, BaseUnit>> = {
  ns: { name: "seconds", digits: 9 },
  nanoseconds: { name: "seconds", digits: 9 },
  us: { name: "seconds", digits: 6 },
  microseconds: { name: "seconds", digits: 6 },
  ms: { name: "seconds", digits: 3 },
  milliseconds: { name: "seconds", digits: 3 },
  s: { name: "seconds", digits: 0 },
};

/** The base unit of a unit; for what is none that we know, itself. */
export function baseUnitOf(unit: string | undefined): BaseUnit | undefined {
  if (unit === undefined || unit === "") return undefined;
  return Object.hasOwn(baseUnits, unit) ? baseUnits[unit] : { name: unit, digits: 0 };
}
