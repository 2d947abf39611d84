// SPDX-License-Identifier: MIT
// make bench [ONLY='group…']: measures scxkit against others in the same run and writes results.md beside this file, a section
// a group; those of groups that don't run stay. Ends with 1 when a row is beyond its limit or a group failed.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { boot } from "../vm/boot.js";
import { findKernel } from "../vm/kernel.js";
import { type Comparison, growthTable, head, isWithin, type Place, type Results, row } from "./compare.js";
import type { GroupResult } from "./place.js";

/** Each group is a file of this folder whose export `bench` says what it found. A boot serves all groups of its place. */
const groups: Record<string, readonly Place[]> = {
  snapshot: ["here"],
  growth: ["here", "vm128"],
  loading: ["vm"],
  server: ["here"],
  sinks: ["here"],
  agent: ["here", "vm128"],
  fleet: ["here"],
  exactness: ["vm"],
  zero: ["here"],
  ticks: ["vm128"],
  watching: ["vm"],
};

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));
const folder = "build/bench"; // from the checkout's root, which is where the VM's command runs too
const cpus = { vm: "2", vm128: "2,sockets=64,cores=2,threads=1,maxcpus=128" };
const timeout = 3600;

/** What these groups found there. */
async function run(where: Place, names: readonly string[]): Promise<Record<string, GroupResult>> {
  const file = `${folder}/${where}.json`;
  const command = ["--import", "tsx", "test/bench/place.ts", where, file, ...names];
  process.chdir(path("../.."));
  mkdirSync(folder, { recursive: true });
  rmSync(file, { force: true });
  if (where === "here") spawnSync(process.execPath, command, { stdio: ["ignore", 2, 2] });
  else await boot({ command: `node ${command.join(" ")} >&2`, kernel: findKernel(), timeout, cpus: cpus[where] });
  if (existsSync(file)) return JSON.parse(readFileSync(file, "utf8")) as Record<string, GroupResult>;
  return Object.fromEntries(names.map((name) => [name, { failed: "it did not run to its end" }]));
}

/** The sections of results.md, by group. */
function sections(text: string): Map<string, string> {
  const parts = text.split(/^## /m).slice(1);
  return new Map(parts.map((part) => [part.split("\n", 1)[0] ?? "", part.slice(part.indexOf("\n") + 1).trim()]));
}

function section({ comparisons, growth = [] }: Results): string {
  const cpu = /model name\s*: (.*)/.exec(readFileSync("/proc/cpuinfo", "utf8"))?.[1] ?? "an unknown CPU";
  const table = comparisons.length > 0 ? [`${head}\n${comparisons.map(row).join("\n")}`] : [];
  return [`Node ${process.version}, ${cpu}.`, ...table, ...growth.map(growthTable)].join("\n\n");
}

const wanted = process.env.ONLY?.split(/[\s,]+/).filter(Boolean) ?? [];
const unknown = wanted.filter((name) => !(name in groups));
if (unknown.length > 0) {
  process.stderr.write(`bench: no group ${unknown.join(", ")}; there are ${Object.keys(groups).join(", ")}\n`);
  process.exit(64);
}
const chosen = Object.keys(groups).filter((name) => wanted.length === 0 || wanted.includes(name));

const found = new Map<string, { comparisons: Comparison[]; growth: NonNullable<Results["growth"]>[number][] }>();
const failures: string[] = [];
for (const where of ["here", "vm", "vm128"] as const) {
  const names = chosen.filter((name) => groups[name]?.includes(where));
  if (names.length === 0) continue;
  for (const [name, result] of Object.entries(await run(where, names))) {
    if ("failed" in result) {
      failures.push(`${name} failed: ${result.failed}`);
      continue;
    }
    const all = found.get(name) ?? { comparisons: [], growth: [] };
    all.comparisons.push(...result.comparisons);
    all.growth.push(...(result.growth ?? []));
    found.set(name, all);
    failures.push(
      ...result.comparisons.filter((one) => !isWithin(one)).map((one) => `beyond its limit: ${one.what}, ${one.where}`),
    );
  }
}

const before = sections(readFileSync(path("results.md"), "utf8"));
const now = Object.keys(groups).flatMap((name) => {
  const result = found.get(name);
  const text = result ? section(result) : before.get(name);
  return text === undefined ? [] : [{ name, text }];
});
const text = `# What scxkit costs

Written by \`make bench\`. Rounds alternate between scxkit and its peer in one run, or both run at once; values are medians, the ratio is
the median of the rounds' own ratios. The VM's times are often emulated ones: there, look at the ratio only.

${now.map(({ name, text }) => `## ${name}\n\n${text}\n`).join("\n")}`;
writeFileSync(path("results.md"), text);
process.stdout.write(now.flatMap(({ name, text }) => (found.has(name) ? [`## ${name}\n\n${text}\n\n`] : [])).join(""));

// The README quotes the rows that have limits.
const readme = readFileSync(path("../../README.md"), "utf8");
const rows = now.flatMap(({ text }) => {
  const start = text.indexOf(head);
  return start < 0 ? [] : [text.slice(start + head.length + 1).split("\n\n", 1)[0]];
});
const quote = `<!-- bench -->\n${[head, ...rows].join("\n")}\n`;
writeFileSync(
  path("../../README.md"),
  readme.replace(/<!-- bench -->[\s\S]*?(?=\n## )/, () => quote),
);
for (const failure of failures) process.stderr.write(`bench: ${failure}\n`);
process.exitCode = failures.length > 0 ? 1 : 0;
