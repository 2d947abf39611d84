// SPDX-License-Identifier: MIT
// `node --import tsx test/vm/rounds.ts FOLDER [--native] [--vm=KERNEL]… [--smoke=KERNEL]…`: the VM's tests, one boot for each kernel:
// all of them (--vm, in halves), or the few that show that scxkit works there (--smoke). --native adds the native tests to the
// first boot. An emulated machine keeps one CPU busy and no more, so two run at once where there are two.
// What came of each round goes into FOLDER, for test/summary.ts.

import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { basename, join } from "node:path";
import { parseArgs } from "node:util";
import { type KindResult, nothingRan } from "../reporter.js";
import { boot } from "./boot.js";
import { findKernel } from "./kernel.js";

interface Round {
  kind: "vm" | "smoke";
  /** The kernel as it was asked for. */
  spec: string;
  /** Which part of the tests, `1/2`; undefined for all. */
  shard?: string;
  /** Its vmlinuz; undefined when it can't be had. */
  image?: string;
  /** Why it can't be had. */
  error?: string;
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    native: { type: "boolean", default: false },
    vm: { type: "string", multiple: true, default: [] },
    smoke: { type: "string", multiple: true, default: [] },
  },
});
const [folder = ""] = positionals;
const { TIMEOUT, CPUS, MEMORY } = process.env;
/** Seconds for a boot. Emulated, half of the tests take about 12 minutes, a smoke 4; on a busy machine, twice that. */
const timeouts = { vm: Number(TIMEOUT || 2400), smoke: Number(TIMEOUT || 900) };
const atOnce = Math.min(2, availableParallelism());

/** Of Debian's `vmlinuz-6.18.15+deb13-amd64`: `6.18.15`. Other names stay, without the prefix. */
const version = (image: string) =>
  basename(image)
    .replace(/^vmlinuz-(?=.)/, "")
    .replace(/\+deb\d+-amd64$/, "");

const vitest = (project: string, result: string, which = "") =>
  `SCXKIT_RESULT=${result} node node_modules/vitest/vitest.mjs run --config test/vitest.config.ts ` +
  `--project ${project} --reporter=default --reporter=./test/reporter.ts ${which}`;

const labelOf = ({ kind, spec, image, shard = "" }: Round) =>
  `${kind} ${image === undefined ? spec : version(image)} ${shard}`.trim();

/** All kernels are fetched before the first is booted: what can't be had is known early, and downloads are no test's time. */
function plan(): Round[] {
  const rounds: Round[] = [];
  for (const kind of ["vm", "smoke"] as const)
    for (const spec of values[kind]) {
      try {
        const image = findKernel(spec);
        if (rounds.some((round) => round.kind === kind && round.image === image)) continue;
        const shards = kind === "vm" && atOnce > 1 ? ["1/2", "2/2"] : [undefined];
        for (const shard of shards) rounds.push({ kind, spec, image, ...(shard && { shard }) });
      } catch (error) {
        process.stderr.write(`kernel: ${spec}: ${(error as Error).message}\n`);
        rounds.push({ kind, spec, error: `no kernel ${spec}: ${(error as Error).message}` });
      }
    }
  return rounds;
}

/** What is run on every kernel but one: what a scheduler takes, and who finds it. The latter failed on 7.2 only. */
const smoke = "test/vm/smoke.test.ts test/vm/watching.test.ts test/vm/absent_cpus.test.ts";
/** There with CPUs that the machine may get but hasn't, as most virtual ones. */
const smokeCpus = "2,sockets=4,cores=1,threads=1,maxcpus=4";

/** What boot() ends with when a signal ended it. */
const interrupted = new Set([129, 130, 143]);

/** Boots, and says what came of it; undefined when nobody wants to know any more. */
async function run(round: Round, file: string, native: boolean): Promise<KindResult | undefined> {
  const { kind, image = "", error, shard } = round;
  if (error !== undefined) return { ...nothingRan, errors: [error] };
  const command = vitest("vm", file, kind === "smoke" ? smoke : shard && `--shard=${shard}`);
  rmSync(file, { force: true });
  const began = Date.now();
  const status = await boot({
    command: native ? `${vitest("native", join(folder, "native.json"))}; ${command}` : command,
    kernel: image,
    timeout: timeouts[kind],
    ...(atOnce > 1 && { label: `${labelOf(round)} | ` }),
    ...(CPUS || kind === "smoke" ? { cpus: CPUS || smokeCpus } : {}),
    ...(MEMORY ? { memory: MEMORY } : {}),
  });
  if (interrupted.has(status)) return undefined;
  const result = existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as KindResult) : { ...nothingRan };
  if (!existsSync(file)) result.errors = [`did not run to its end: status ${status} (see above)`];
  else if (status !== 0 && result.failed.length + result.errors.length === 0)
    result.errors.push(`ended with status ${status} (see above)`);
  return { ...result, seconds: (Date.now() - began) / 1000 };
}

mkdirSync(folder, { recursive: true });
const rounds = plan();
const fileOf = (round: Round) => join(folder, `${round.kind}-${rounds.indexOf(round) + 1}.json`);
const keep = (round: Round, result: KindResult) =>
  writeFileSync(fileOf(round), JSON.stringify({ ...result, label: labelOf(round) }, null, 2));
// A round that is never reached is a failure too.
for (const round of rounds) keep(round, { ...nothingRan, errors: ["did not run"] });
const waiting = [...rounds];
async function runWaiting(): Promise<void> {
  for (let round = waiting.shift(); round !== undefined; round = waiting.shift()) {
    const result = await run(round, fileOf(round), values.native && round === rounds[0]);
    if (result === undefined) waiting.length = 0;
    else keep(round, result);
  }
}
await Promise.all(Array.from({ length: atOnce }, runWaiting));
