// SPDX-License-Identifier: MIT
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { BpfObject, type Sample, Sampler, type SamplerOptions, type StatValues } from "../../src/index.js";
import { testObject } from "../objects.js";
import { program } from "./compare.js";

/** Where the events are counted: an object of test/bpf, and its map. */
export const forms = {
  struct: { object: "events", map: /^scx_stats$/ },
  mapped: { object: "events_mapped", map: /\.bss\.scx_/ },
  keys: { object: "events_keys", map: /^event_stats$/ },
} as const;

/** ms between the samples of each consumer. */
export const intervals = [5, 37, 211];

export interface Counted {
  /** How many events there were. */
  readonly truth: bigint;
  /** The sum of each consumer's deltas, by statistic; those of its CPUs, `NAME by cpu`; and how many samples it had. */
  readonly consumers: readonly { readonly sums: Readonly<Record<string, bigint>>; readonly samples: number }[];
}

function add(sums: Record<string, bigint>, stats: Partial<StatValues>, suffix: string): void {
  for (const [name, value] of Object.entries(stats)) {
    const all = value && "entries" in value ? Object.values(value.entries) : [value];
    for (const one of all)
      if (one && "delta" in one) sums[name + suffix] = (sums[name + suffix] ?? 0n) + (one.delta as bigint);
  }
}

/** Adds up what each consumer is told, sample by sample, until `over` has been true before a sample. */
async function addUp(samples: AsyncIterable<Sample>, over: () => boolean) {
  const sums: Record<string, bigint> = {};
  let number = 0;
  let last = false;
  for await (const sample of samples) {
    number++;
    add(sums, sample.stats, "");
    for (const ofCpu of Object.values(sample.by?.cpu ?? {})) add(sums, ofCpu, " by cpu");
    if (last) break;
    last = over(); // what was read before the end may lack something; the next one doesn't
  }
  return { sums, samples: number };
}

/**
 * Has writers on all CPUs count events, one by one, while three consumers read them, each at an interval of its own.
 * @param cycles how often a CPU goes off on the way, and comes back
 */
export async function countExactly(
  form: keyof typeof forms,
  events: number,
  cycles = 0,
  options: Pick<SamplerOptions, "mode" | "by"> = {},
): Promise<Counted> {
  const { object, map } = forms[form];
  const writer = program("writer");
  await using loaded = await (await BpfObject.open(testObject(object))).load();
  const id = Object.values(loaded.maps).find(({ name }) => map.test(name))?.id;
  let over = false;
  const consumers = intervals.map((intervalMs) =>
    addUp(new Sampler(loaded.stats, { ...options, intervalMs }), () => over),
  );
  // Small enough pieces that consumers look in the middle of the counting, not only after it.
  const { stdout } = await promisify(execFile)(writer, [id, events, 1000, cycles].map(String));
  over = true;
  return { truth: BigInt(stdout.trim()), consumers: await Promise.all(consumers) };
}
