// SPDX-License-Identifier: MIT
// Records what libbpf says of loads that fail: record.ts FILE. Run as root on the kernel that is to be recorded:
//   make vm KERNEL=6.18 CMD='node --import tsx test/native/record.ts test/golden/load-log/6.18.txt'
import { mkdirSync, writeFileSync } from "node:fs";
import { release } from "node:os";
import { dirname } from "node:path";
import { BpfObject } from "../../src/bpf/object.js";
import type { ScxError } from "../../src/error.js";
import { native } from "../../src/native/index.js";
import { brokenKfunc, differences, refusals, traps } from "../load_case.js";

/** Longer logs are cut in their middle, which no explanation looks at. */
const longest = 60;

const [file = ""] = process.argv.slice(2);
const lacking = differences.filter(({ has }) => !has.test(release()));
const sections = [`Linux ${release()}, libbpf ${native.libbpfVersion}; by test/native/record.ts`];
for (const { name, path, fault } of [...refusals, ...traps, ...lacking, brokenKfunc]) {
  const object = await BpfObject.open(path);
  if (fault) object.setGlobal("fault", fault);
  try {
    (await object.load()).close();
  } catch (error) {
    const { cause } = error as ScxError;
    if (cause === undefined) continue; // refused before libbpf was asked
    const { errno, log } = cause as { errno: number; log: string[] };
    const cut = log.length > longest ? [...log.slice(0, longest / 2), "…", ...log.slice(-longest / 2)] : log;
    // Where the kernel put a map is nobody's business, and changes with each run.
    sections.push(
      `== ${name} ${errno}`,
      ...cut.map((line) => line.replace(/0xffff[0-9a-f]{12}/g, "0xffff000000000000")),
    );
  }
}
mkdirSync(dirname(file), { recursive: true });
writeFileSync(file, `${sections.join("\n")}\n`);
