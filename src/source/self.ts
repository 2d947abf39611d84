// SPDX-License-Identifier: MIT

import { packageVersion } from "../package.js";
import { defineStats } from "../stats/define.js";
import * as stat from "../stats/stat.js";
import { type PlainValues, present, type ValueSource } from "./values.js";

const schema = defineStats(
  "scxkit_self",
  {
    cpu: stat.counter({ desc: "CPU time that this process used", unit: "ns" }),
    memory: stat.u64({ desc: "its memory in RAM", unit: "bytes" }),
    heap: stat.u64({ desc: "JavaScript's part of it", unit: "bytes" }),
    uptime: stat.u64({ desc: "time since it began", unit: "ns" }),
    lateness: stat.u64({ desc: "how late the last tick came", unit: "ns" }),
    ticks_missed: stat.counter("ticks that never came, as the process was kept from running"),
    errors: stat.counter("readings that failed"),
    dropped: stat.counter({ desc: "records that its sinks never took", unit: "records" }),
    version: stat.string("scxkit's version"),
    node: stat.string("Node's version"),
    libbpf: stat.string("libbpf's version"),
  },
  { desc: "this process: what watching costs", user: { _om_prefix: "self_" } },
);

/** What a process knows of itself besides what Node tells; each asked at a reading. What isn't given is absent. */
export interface SelfFacts {
  /** How late the last tick came, in ns, and how many never came. */
  ticks?(): { lateness: bigint; missed: bigint };
  /** Readings that failed. */
  errors?(): bigint;
  /** Records that sinks never took. */
  dropped?(): bigint;
  /** libbpf's version. */
  libbpf?: string;
}

/** Group `self`: what this process costs, and how it fares. */
export class SelfSource implements ValueSource {
  readonly name = "self";
  readonly schema = schema;
  readonly #facts: SelfFacts;

  constructor(facts: SelfFacts = {}) {
    this.#facts = facts;
  }

  read(): PlainValues {
    const { user, system } = process.cpuUsage(); // µs
    const { rss, heapUsed } = process.memoryUsage();
    const ticks = this.#facts.ticks?.();
    return present({
      cpu: BigInt(user + system) * 1000n,
      memory: BigInt(rss),
      heap: BigInt(heapUsed),
      uptime: BigInt(Math.round(process.uptime() * 1e9)),
      lateness: ticks?.lateness,
      ticks_missed: ticks?.missed,
      errors: this.#facts.errors?.(),
      dropped: this.#facts.dropped?.(),
      version: packageVersion,
      node: process.versions.node,
      libbpf: this.#facts.libbpf,
    });
  }
}
