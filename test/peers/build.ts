// SPDX-License-Identifier: MIT
import { execFileSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { checkout } from "../vm/boot.js";
import { cacheFolder } from "../vm/cache.js";

/**
 * Builds the schedulers and loaders of a kernel tree's tools/sched_ext, by its own Makefile with its own libbpf and
 * bpftool, in the user's cache.
 * @param btf file with that kernel's BTF, of which vmlinux.h is made
 * @returns a folder with NAME.bpf.o and the loader NAME for each scheduler
 */
export function buildPeers(source: string, release: string, btf: string): string {
  const folder = join(cacheFolder, "peers", release);
  if (existsSync(folder)) return folder;
  const work = `${folder}.work`;
  const [clang = ""] = execFileSync("sh", ["-c", ". native/requirements.sh; newest_llvm clang"], { cwd: checkout })
    .toString()
    .split("\n");
  process.stderr.write(`peers: building the schedulers of Linux ${release}\n`);
  mkdirSync(work, { recursive: true });
  // Only bpftool's own objects are stripped, for size.
  const settings = [`CLANG=${clang}`, "LLVM_STRIP=true", `VMLINUX_BTF=${btf}`, `O=${work}`];
  execFileSync("make", ["-s", "-C", join(source, "tools", "sched_ext"), ...settings], {
    stdio: ["ignore", 2, 2],
    // What our own make exports is not meant for theirs.
    env: { PATH: process.env.PATH, HOME: process.env.HOME, LC_ALL: "C" },
  });
  const built = join(work, "build");
  const ready = join(work, "ready");
  rmSync(ready, { recursive: true, force: true });
  mkdirSync(ready);
  for (const name of readdirSync(join(built, "bin"))) {
    copyFileSync(join(built, "bin", name), join(ready, name));
    // What the loader's skeleton holds.
    copyFileSync(join(built, "obj", "sched_ext", `${name}.bpf.linked3.o`), join(ready, `${name}.bpf.o`));
  }
  renameSync(ready, folder);
  rmSync(work, { recursive: true, force: true });
  return folder;
}
