// SPDX-License-Identifier: MIT
import { existsSync, readFileSync } from "node:fs";
import { type Domain, groupCpus } from "../kernel/topology.js";
import { defineStats, type FieldValues } from "../stats/define.js";
import * as stat from "../stats/stat.js";
import { type PlainValues, present, type ValueSource } from "./values.js";

/** ns in a tick of /proc/stat: USER_HZ is 100 on every architecture that sched_ext runs on. */
const tickNs = 10_000_000n;

const time = (desc: string) => stat.counter({ desc, unit: "ns" });

/** proc(5): user, nice, system, idle, iowait, irq, softirq, steal; guests' time is within user and nice. */
const times = {
  busy: time("time in which it did anything"),
  user: time("time in user space, guests' included"),
  system: time("time in the kernel"),
  irq: time("time in interrupts, the deferred parts included"),
  steal: time("time that the hypervisor gave to others"),
  idle: time("time with nothing to do"),
  iowait: time("time with nothing to do while a task waited for a device"),
  use: stat.float({ desc: "share of the time since the last reading in which it did anything", unit: "ratio" }),
};

const cpuUse = defineStats(
  "scx_cpu",
  {
    ...times,
    frequency: stat.u64({ desc: "its clock, as cpufreq says", unit: "hertz" }),
  },
  { desc: "use of one CPU", user: { _om_prefix: "cpu_", _om_label: "cpu" } },
);

const groupUse = (domain: Domain, what: string) =>
  defineStats(
    `scx_${domain}`,
    { cpus: stat.u64("its CPUs that are online"), ...times },
    { desc: `use of all CPUs of ${what}`, user: { _om_prefix: `${domain}_`, _om_label: domain } },
  );

/** What a CPU did before it was seen (it was switched on, or its group is another one now) is no news. */
const each = (what: string) => ({ desc: `each ${what}`, user: { _scx_standing: "true" } });

const schema = defineStats(
  "scx_cpus",
  {
    cpu: stat.dict("u64", stat.group(cpuUse), each("CPU that is online")),
    llc: stat.dict("string", stat.group(groupUse("llc", "a last-level cache")), each("last-level cache, by its CPUs")),
    node: stat.dict("string", stat.group(groupUse("node", "a NUMA node")), each("NUMA node")),
  },
  { desc: "use of the CPUs, from /proc/stat and cpufreq" },
);

type Times = Omit<FieldValues<typeof times>, "use">;
const none: Times = { busy: 0n, user: 0n, system: 0n, irq: 0n, steal: 0n, idle: 0n, iowait: 0n };
const names = Object.keys(none) as (keyof Times)[];

/** Each online CPU's times in ns, from the text of /proc/stat. */
function cpuTimes(text: string): Map<number, Times> {
  const all = new Map<number, Times>();
  for (const [, cpu, numbers = ""] of text.matchAll(/^cpu(\d+) ([\d ]+)$/gm)) {
    const ticks = numbers.split(" ").map((ticks) => BigInt(ticks) * tickNs);
    const [user = 0n, nice = 0n, system = 0n, idle = 0n, iowait = 0n, irq = 0n, softirq = 0n, steal = 0n] = ticks;
    const busy = user + nice + system + irq + softirq;
    all.set(Number(cpu), { busy, user: user + nice, system, irq: irq + softirq, steal, idle, iowait });
  }
  return all;
}

/** Where the kernel tells of CPUs. */
export interface CpuFiles {
  /** The folder of procfs; `/proc` unless given. */
  proc?: string;
  /** sysfs' folder of devices; `/sys/devices/system` unless given. */
  sys?: string;
}

/**
 * Group `cpu`: what each online CPU, last-level cache and NUMA node did, times in ns since boot; `use` is a share from 0 to 1 of
 * the time since this source was read before, and absent at first. The frequency is absent where there is no cpufreq.
 *
 * What a CPU did stays with its node while it is offline, and of one that wasn't online at first its cache and node have what it did
 * since it was seen: their times only grow by what was done meanwhile. A cache that has other CPUs is another one, as its name says.
 */
export class CpuSource implements ValueSource {
  readonly name = "cpu";
  readonly schema = schema;
  readonly #proc: string;
  readonly #sys: string;
  #before = new Map<string, Times>();
  /** Of all CPUs that were ever seen. */
  readonly #highest = new Map<number, Times>();
  /** What those that came later had done before. */
  readonly #earlier = new Map<number, Times>();
  #online: string | undefined;
  /** Whether this is the first reading. */
  #isFirst = true;
  /** The group in which each CPU was when it was last online. */
  readonly #groups = new Map<Domain, Map<number, string>>([
    ["llc", new Map()],
    ["node", new Map()],
  ]);
  #clocked: ReadonlySet<number> = new Set();

  constructor({ proc = "/proc", sys = "/sys/devices/system" }: CpuFiles = {}) {
    this.#proc = proc;
    this.#sys = sys;
  }

  read(): PlainValues {
    const cpus = cpuTimes(readFileSync(`${this.#proc}/stat`, "utf8"));
    this.#follow([...cpus.keys()]);
    for (const [id, now] of cpus) cpus.set(id, this.#grown(id, now));
    const before = this.#before;
    this.#before = new Map();
    const withUse = <T extends Times>(key: string, now: T) => {
      this.#before.set(key, now);
      return { ...now, use: useBetween(before.get(key), now) };
    };
    const cpu = [...cpus].map(([id, now]) => [
      BigInt(id),
      present({ ...withUse(`cpu${id}`, now), frequency: this.#frequency(id) }),
    ]);
    const groups = [...this.#groups].map(([domain, names]) => {
      const sums = new Map<string, Times & { cpus: bigint }>();
      for (const [id, now] of this.#highest) {
        const name = names.get(id) ?? "";
        const sum = sums.get(name) ?? { ...none, cpus: 0n };
        const earlier = this.#earlier.get(id);
        const own = earlier ? combined(now, earlier, (all, before) => all - before) : now;
        sums.set(name, { ...combined(sum, own, (a, b) => a + b), cpus: sum.cpus + (cpus.has(id) ? 1n : 0n) });
      }
      const online = [...sums].filter(([, sum]) => sum.cpus > 0n);
      return [domain, new Map(online.map(([name, now]) => [name, present(withUse(`${domain}${name}`, now))]))];
    });
    return { cpu: new Map(cpu as [bigint, PlainValues][]), ...Object.fromEntries(groups) };
  }

  /** The kernel's idle times may go back a little (proc(5)); counters only grow. */
  #grown(id: number, now: Times): Times {
    const known = this.#highest.get(id);
    if (!known && !this.#isFirst) this.#earlier.set(id, now);
    const highest = known ?? now;
    const grown = { ...now, idle: larger(highest.idle, now.idle), iowait: larger(highest.iowait, now.iowait) };
    this.#highest.set(id, grown);
    return grown;
  }

  /** The topology is looked up again when a CPU came or went. */
  #follow(cpus: readonly number[]): void {
    const online = cpus.join();
    this.#isFirst = this.#online === undefined;
    if (online === this.#online) return;
    this.#online = online;
    for (const [domain, places] of this.#groups) {
      const { groups, names } = groupCpus(domain, this.#sys, Math.max(...cpus) + 1);
      for (const id of cpus) places.set(id, names[groups[id] ?? 0] ?? "");
    }
    // A group of other CPUs than before can't be compared with what it was.
    this.#before = new Map([...this.#before].filter(([key]) => key.startsWith("cpu")));
    this.#clocked = new Set(cpus.filter((id) => existsSync(this.#clock(id))));
  }

  #clock = (cpu: number) => `${this.#sys}/cpu/cpu${cpu}/cpufreq/scaling_cur_freq`;

  #frequency(cpu: number): bigint | undefined {
    if (!this.#clocked.has(cpu)) return undefined;
    try {
      return BigInt(readFileSync(this.#clock(cpu), "utf8").trim()) * 1000n; // kHz
    } catch {
      return undefined; // it has just gone, or says <unknown>
    }
  }
}

function larger(a: bigint, b: bigint): bigint {
  if (a > b) return a;
  return b;
}

const combined = (a: Times, b: Times, how: (a: bigint, b: bigint) => bigint): Times =>
  Object.fromEntries(names.map((name) => [name, how(a[name], b[name])])) as unknown as Times;

function useBetween(before: Times | undefined, now: Times): number | undefined {
  if (!before) return undefined;
  const grown = (name: keyof Times) => Number(now[name] - before[name]);
  const whole = grown("busy") + grown("steal") + grown("idle") + grown("iowait");
  return whole === 0 ? undefined : grown("busy") / whole;
}
