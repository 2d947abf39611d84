// SPDX-License-Identifier: MIT
// `make peers`: objects that nobody here wrote, the kernel tree's own, each with scxkit and with the loader that was written
// for it, on several kernels. Fails when scxkit does worse. With FOLDERS, what lies there already is compared instead.

import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { boot, checkout } from "../vm/boot.js";
import { cacheFolder } from "../vm/cache.js";
import { findKernel } from "../vm/kernel.js";
import { buildPeers } from "./build.js";
import { report } from "./compare.js";
import type { Pair } from "./guest.js";
import { findSource } from "./source.js";

const kernels = (process.env.KERNELS ?? "").split(" ").filter(Boolean).map(findKernel);
const given = (process.env.FOLDERS ?? "")
  .split(" ")
  .filter(Boolean)
  .map((one) => resolve(one));
const timeout = Number(process.env.TIMEOUT || 1800);
const releaseOf = (kernel: string): string => /vmlinuz-(.*)$/.exec(kernel)?.[1] ?? "unknown";
const shared = join(checkout, "build", "peers");
mkdirSync(shared, { recursive: true });

/** The kernel's BTF, which only it can tell. */
async function btfOf(kernel: string): Promise<string> {
  const file = join(shared, `${releaseOf(kernel)}.btf`);
  if (!existsSync(file)) {
    const command = `cat /sys/kernel/btf/vmlinux > ${file}.part && mv ${file}.part ${file}`;
    if ((await boot({ command, kernel, timeout })) !== 0) throw new Error(`no BTF from ${kernel}`);
  }
  return file;
}

async function built(kernel: string): Promise<string[]> {
  const release = releaseOf(kernel);
  const ready = join(cacheFolder, "peers", release);
  if (existsSync(ready)) return [ready];
  const source = findSource(release);
  if (source !== undefined) return [buildPeers(source, release, await btfOf(kernel))];
  process.stderr.write(`peers: Debian has no source of ${release} any more; it gets the other kernels' objects\n`);
  return [];
}

const folders = [...given];
if (given.length === 0) for (const kernel of kernels) folders.push(...(await built(kernel)));
if (folders.length === 0) throw new Error("nothing to compare: Debian has the source of none of these kernels");

const pairs: Pair[] = [];
let failed = false;
for (const kernel of kernels) {
  const result = join(shared, `${releaseOf(kernel)}.json`);
  rmSync(result, { force: true });
  const command = ["node --import tsx test/peers/guest.ts", ...folders, relative(checkout, result)].join(" ");
  if ((await boot({ command, kernel, timeout })) !== 0) failed = true;
  if (existsSync(result)) pairs.push(...(JSON.parse(readFileSync(result, "utf8")) as Pair[]));
}
const text = report(pairs);
process.stdout.write(text);
process.exitCode = failed || pairs.length === 0 || /^worse: /m.test(text) ? 1 : 0;
