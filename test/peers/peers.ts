// SPDX-License-Identifier: MIT
// `make peers`: objects that nobody here wrote, the kernel tree's own, each with scxkit and with the loader that was written
// for it, on several kernels. Fails when scxkit does worse. With FOLDERS, what lies there already is compared instead.

import { cpSync, existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { basename, join, relative, resolve } from "node:path";
import { boot, checkout } from "../vm/boot.js";
import { cacheFolder } from "../vm/cache.js";
import { findKernel } from "../vm/kernel.js";
import { buildPeers } from "./build.js";
import { report, worse } from "./compare.js";
import type { Pair } from "./guest.js";
import { findSource } from "./source.js";

const words = (text: string | undefined) => (text ?? "").split(" ").filter(Boolean);
const given = words(process.env.FOLDERS);
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

/** Brings a folder to where the guest surely sees it; its /tmp, for one, is its own. */
function share(folder: string): string {
  const seen = join(shared, "objects", basename(resolve(folder)));
  rmSync(seen, { recursive: true, force: true });
  cpSync(folder, seen, { recursive: true });
  return relative(checkout, seen);
}

async function compare(): Promise<boolean> {
  const kernels = words(process.env.KERNELS).map((one) => findKernel(one));
  const folders = [...given];
  if (given.length === 0) for (const kernel of kernels) folders.push(...(await built(kernel)));
  if (folders.length === 0)
    throw new Error("Debian has the source of none of these kernels; FOLDERS= takes objects of yours");
  const shown = folders.map(share);
  const pairs: Pair[] = [];
  let whole = true;
  for (const kernel of kernels) {
    const result = join(shared, `${releaseOf(kernel)}.json`);
    rmSync(result, { force: true });
    const command = ["node --import tsx test/peers/guest.ts", ...shown, relative(checkout, result)].join(" ");
    if ((await boot({ command, kernel, timeout })) !== 0) whole = false;
    if (existsSync(result)) pairs.push(...(JSON.parse(readFileSync(result, "utf8")) as Pair[]));
  }
  process.stdout.write(report(pairs));
  return whole && pairs.length > 0 && pairs.every((pair) => worse(pair) === undefined);
}

try {
  process.exitCode = (await compare()) ? 0 : 1;
} catch (error) {
  process.stderr.write(`peers: ${(error as Error).message}\n`);
  process.exitCode = 1;
}
