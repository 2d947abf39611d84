// SPDX-License-Identifier: MIT
import { readFileSync } from "node:fs";
import type { Stat, StatsSchema } from "../stats/schema.js";
import type { PlainValues, ValueSource } from "./values.js";

/** Documentation/accounting/psi.rst; irq only with CONFIG_IRQ_TIME_ACCOUNTING. */
const resources = ["cpu", "memory", "io", "irq"] as const;

/** Its averages are over as many seconds. */
const windows = [10, 60, 300] as const;

/** `some avg10=0.00 avg60=0.00 avg300=0.00 total=0`: averages in percent, the total in µs. */
const line = /^(some|full) avg10=([\d.]+) avg60=([\d.]+) avg300=([\d.]+) total=(\d+)$/gm;

const meaning = { some: "some tasks were held up", full: "all tasks were held up" } as const;

function statsOf(resource: string, extent: keyof typeof meaning): Stat[] {
  const labels = { resource, extent };
  return [
    {
      name: `${resource}_${extent}`,
      kind: "counter",
      desc: `time in which ${meaning[extent]} for want of it`,
      unit: "ns",
      family: { name: "pressure_stalled", labels },
    },
    ...windows.map(
      (secs): Stat => ({
        name: `${resource}_${extent}_avg${secs}`,
        kind: "gauge",
        type: "float",
        desc: `share of the last ${secs} s in which ${meaning[extent]} for want of it`,
        unit: "ratio",
        family: { name: `pressure_avg${secs}`, labels },
      }),
    ),
  ];
}

/** Group `pressure`: the kernel's pressure stall information, of whichever resources it has. Times in ns, shares from 0 to 1. */
export class PressureSource implements ValueSource {
  readonly name = "pressure";
  schema: StatsSchema = { name: "scx_pressure", stats: [] };
  readonly #folder: string;
  #extents = "";

  constructor(folder = "/proc/pressure") {
    this.#folder = folder;
    this.read();
  }

  read(): PlainValues | undefined {
    const values: Record<string, unknown> = {};
    const stats: [string, keyof typeof meaning][] = [];
    for (const resource of resources) {
      for (const [, extent, avg10, avg60, avg300, total] of this.#text(resource).matchAll(line)) {
        stats.push([resource, extent as keyof typeof meaning]);
        values[`${resource}_${extent}`] = BigInt(total ?? 0) * 1000n;
        [avg10, avg60, avg300].forEach((percent, i) => {
          values[`${resource}_${extent}_avg${windows[i]}`] = Number((Number(percent) / 100).toFixed(4)); // it says hundredths of a percent
        });
      }
    }
    if (stats.length === 0) return undefined;
    const extents = stats.join();
    if (extents !== this.#extents)
      this.schema = {
        name: "scx_pressure",
        desc: "pressure stall information: how long tasks had to wait for what",
        stats: stats.flatMap(([resource, extent]) => statsOf(resource, extent)),
      };
    this.#extents = extents;
    return values;
  }

  #text(resource: string): string {
    try {
      return readFileSync(`${this.#folder}/${resource}`, "utf8");
    } catch {
      return ""; // ENOENT on kernels without it, EOPNOTSUPP where it is switched off (psi=0)
    }
  }
}
