// SPDX-License-Identifier: MIT
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { cli, testObject } from "../objects.js";
import { type Bench, place, type Results } from "./compare.js";
import { onOneCpu } from "./one_cpu.js";

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));
const listen = "127.0.0.1:9188";

/** Windows of so many seconds; both sides run side by side in each. */
const windows = 6;
const windowSecs = 10;

/** ns that all threads of a process were on a CPU. */
function cpuTime({ pid }: ChildProcess): number {
  const threads = readdirSync(`/proc/${pid}/task`);
  const times = threads.map((thread) =>
    Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "utf8").split(" ")[0]),
  );
  return times.reduce((sum, time) => sum + time, 0);
}

/** MB of RAM now. */
const memory = ({ pid }: ChildProcess): number =>
  Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1024;

/** The agent with Prometheus, scraped each second, beside a C program that reads and prints the same; on many possible CPUs. */
async function atWork(): Promise<Results> {
  const config = path("../../build/bench/agent.yaml");
  writeFileSync(
    config,
    `scheduler: { object: ${testObject("many")} }\ngroups: [stats]\nstandardLabels: []\nsinks: [{ prometheus: { listen: "${listen}" } }]\n`,
  );
  const ours = spawn(process.execPath, [cli, "agent", "--config", config, "--log", "scheduler:info"], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  for await (const line of createInterface({ input: ours.stderr })) if (/many attached/.test(line)) break;
  const maps = JSON.parse(execFileSync("bpftool", ["-j", "map", "list"], { encoding: "utf8" })) as {
    id: number;
    name?: string;
  }[];
  const map = maps.find(({ name }) => name === "many_stats");
  const peer = spawn(path("../../build/bench/agent"), [`${map?.id}`], { stdio: ["ignore", "ignore", "inherit"] });
  const results = { ours: [] as number[], values: [] as number[], memory: [] as number[] };
  try {
    const second = async () => {
      await sleep(1000);
      // The peer doesn't compress what it prints.
      const headers = { "accept-encoding": "identity" };
      const page = await (await fetch(`http://${listen}/metrics`, { headers })).text();
      if (!page.includes(`index="255"`)) throw new Error(`this page lacks counters:\n${page.slice(0, 500)}`);
    };
    await sleep(3000);
    for (let i = 0; i < 60; i++) await second(); // what runs each second is compiled by then
    for (let window = 0; window < windows; window++) {
      const before = [cpuTime(ours), cpuTime(peer)] as const;
      for (let i = 0; i < windowSecs; i++) await second();
      results.ours.push((cpuTime(ours) - before[0]) / 1e6 / windowSecs);
      results.values.push((cpuTime(peer) - before[1]) / 1e6 / windowSecs);
      results.memory.push(memory(ours));
    }
  } finally {
    peer.kill("SIGKILL");
    ours.kill("SIGTERM");
    await once(ours, "close");
  }
  const where = place("kernel VM, 1 CPU of 128 possible ones");
  const what = "scxkit agent with Prometheus, 256 counters each second";
  return {
    comparisons: [
      {
        what: `CPU time a second of ${what}, against a C program that reads and prints them`,
        where,
        unit: "ms",
        limit: { atMost: 3 },
        ours: results.ours,
        peer: { name: "C", values: results.values },
      },
      { what: `memory of ${what}`, where, unit: "MB", limit: { atMost: 80 }, ours: results.memory },
    ],
  };
}

/** A week of ticks, as fast as they go: what is still in memory after it and wasn't after its first day. */
function week(): Results {
  const output = execFileSync(process.execPath, ["--expose-gc", "--import", "tsx", path("week.ts")], {
    encoding: "utf8",
  });
  const { grown, tick } = JSON.parse(output) as { grown: number; tick: number };
  const where = place("this machine");
  return {
    comparisons: [
      {
        what: `heap that a simulated week of the agent's ticks adds to its first day's (604,800, each ${tick.toFixed(0)} µs)`,
        where,
        unit: "MB",
        limit: { atMost: 1 },
        ours: [grown],
      },
    ],
  };
}

export const bench: Bench = async (where) => (where === "here" ? week() : onOneCpu(atWork));
