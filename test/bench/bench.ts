// SPDX-License-Identifier: MIT
// make bench: measures scxkit against C programs in the same run and writes results.md beside this file.
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type Comparison, ratio, row } from "./compare.js";
import { benchSnapshots } from "./snapshot.js";

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));

function benchLoading(): Comparison[] {
  const file = "build/bench/loading.json";
  const command = `node --import tsx test/bench/loading.ts ${file}`;
  execFileSync(process.execPath, ["--import", "tsx", path("../vm/boot.ts"), command], {
    cwd: path("../.."),
    stdio: ["ignore", "inherit", "inherit"],
  });
  return JSON.parse(readFileSync(path(`../../${file}`), "utf8")) as Comparison[];
}

const comparisons = [...(await benchSnapshots()), ...benchLoading()];
const cpu = /model name\s*: (.*)/.exec(readFileSync("/proc/cpuinfo", "utf8"))?.[1] ?? "an unknown CPU";
const text = `# What scxkit costs

Written by \`make bench\` (Node ${process.version}, ${cpu}). Rounds alternate between scxkit and its peer in one run; times are
medians, the ratio is the median of the rounds' own ratios. The VM's times are often emulated ones: there, look at the ratio only.

| what | where | scxkit | C | ratio | at most | rounds |
| --- | --- | --- | --- | --- | --- | --- |
${comparisons.map(row).join("\n")}
`;
writeFileSync(path("results.md"), text);
process.stdout.write(text);

// The README quotes the table.
const readme = readFileSync(path("../../README.md"), "utf8");
const table = text.slice(text.indexOf("| what"));
writeFileSync(path("../../README.md"), readme.replace(/<!-- bench -->[\s\S]*?(?=\n## )/, `<!-- bench -->\n${table}`));
const over = comparisons.filter((one) => ratio(one) > one.limit);
for (const one of over) process.stderr.write(`bench: over its limit: ${one.what}\n`);
process.exitCode = over.length > 0 ? 1 : 0;
