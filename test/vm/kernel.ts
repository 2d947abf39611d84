// SPDX-License-Identifier: MIT
// `node --import tsx test/vm/kernel.ts [VERSION|PATH]` prints the path of a vmlinuz that the VM can boot, with its modules
// beside it. A version is `6.18`, `6.18.15` or `newest`, and comes from Debian's backports through a private apt (native/apt.sh), which
// checks every download against the signed lists; it is unpacked in the user's cache, never installed. A path is a
// vmlinuz, or a folder that holds one (an unpacked package, a built kernel tree).

import { type ExecFileSyncOptions, execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { cacheFolder } from "./cache.js";

/** 6.18 is a long-term kernel. */
const DEFAULT_VERSION = "6.18";
const kernels = join(cacheFolder, "kernels");
/** In a finished entry: its fingerprint. */
const MARK = ".complete";

const say = (text: string) => process.stderr.write(`kernel: ${text}\n`);

// depmod is in /usr/sbin, which isn't on everybody's PATH.
const env = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin`, LC_ALL: "C" };
const output = (command: string, args: string[], options: ExecFileSyncOptions = {}): string =>
  execFileSync(command, args, {
    stdio: ["ignore", "pipe", "inherit"],
    maxBuffer: 1 << 28,
    ...options,
    env,
  })?.toString() ?? "";

// "6.18.15+deb13-amd64" → [6, 18, 15, 13]
const numbers = (release: string): number[] => (release.match(/\d+/g) ?? []).map(Number);
function newer(a: string, b: string): number {
  const [left, right] = [numbers(a), numbers(b)];
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    const difference = (right[i] ?? 0) - (left[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
const matches = (release: string, version: string): boolean =>
  version === "newest" || release === version || release.startsWith(`${version}.`) || release.startsWith(`${version}+`);

/** The vmlinuz in an unpacked kernel, wherever its packager put it. */
function vmlinuzIn(folder: string): string {
  const found = [join(folder, "vmlinuz"), join(folder, "arch/x86/boot/bzImage")].filter(existsSync);
  const boot = join(folder, "boot");
  if (existsSync(boot)) {
    for (const name of readdirSync(boot)) if (/^vmlinuz-/.test(name)) found.push(join(boot, name));
  }
  const [first, second] = found;
  if (first === undefined)
    throw new Error(`no vmlinuz in ${folder}: neither boot/vmlinuz-*, vmlinuz nor arch/x86/boot/bzImage`);
  if (second !== undefined)
    throw new Error(`more than one vmlinuz in ${folder}; pass the path of the one that is meant`);
  return first;
}

/** Puts an unpacked package into the shape that vng looks for: lib/modules/V with modules.dep, and boot/vmlinuz-V. */
function arrange(folder: string): void {
  if (!existsSync(join(folder, "usr/lib/modules"))) return;
  if (!existsSync(join(folder, "lib"))) symlinkSync("usr/lib", join(folder, "lib"));
  for (const release of readdirSync(join(folder, "usr/lib/modules"))) {
    const modules = join(folder, "usr/lib/modules", release);
    const image = join(folder, "boot", `vmlinuz-${release}`);
    if (!existsSync(image) && existsSync(join(modules, "vmlinuz"))) {
      mkdirSync(join(folder, "boot"), { recursive: true });
      symlinkSync(`../usr/lib/modules/${release}/vmlinuz`, image);
    }
    if (!existsSync(join(modules, "modules.dep"))) output("depmod", ["-a", "-b", folder, release]);
  }
}

/** Changes when a file is missing, cut off or added, or the kernel's own bytes differ. About 0.1 s. */
function fingerprint(folder: string): string {
  let files = 0;
  let bytes = 0;
  const walk = (path: string) => {
    for (const entry of readdirSync(path, { withFileTypes: true })) {
      const child = join(path, entry.name);
      if (entry.isDirectory()) walk(child);
      else if (entry.isFile() && entry.name !== MARK) {
        files++;
        bytes += statSync(child).size;
      }
    }
  };
  walk(folder);
  const hash = createHash("sha256")
    .update(readFileSync(vmlinuzIn(folder)))
    .digest("hex");
  return `${files} files, ${bytes} bytes, vmlinuz ${hash}`;
}

/** The vmlinuz of a finished entry of the cache; an entry that was damaged is thrown away. */
function cached(release: string): string | undefined {
  const folder = join(kernels, release);
  if (!existsSync(folder)) return undefined;
  try {
    if (readFileSync(join(folder, MARK), "utf8").trim() === fingerprint(folder)) return vmlinuzIn(folder);
  } catch {}
  say(`${folder} is damaged, and is fetched again`);
  rmSync(folder, { recursive: true, force: true });
  return undefined;
}

function isPackage(apt: string, name: string): boolean {
  try {
    return output("apt-cache", ["-c", apt, "show", name], { stdio: ["ignore", "pipe", "ignore"] }) !== "";
  } catch {
    return false; // named by others, but not there
  }
}

function download(apt: string, release: string): string {
  mkdirSync(kernels, { recursive: true });
  const work = mkdtempSync(join(kernels, `.${release}-`));
  try {
    const image = `linux-image-${release}`;
    // From 6.19 on the image is an empty package, and what was in it is in these.
    const parts = ["binary", "modules", "base"].map((part) => `linux-${part}-${release}`);
    const names = [image, ...parts.filter((name) => isPackage(apt, name))];
    say(`fetching ${names.join(", ")} into ${kernels}`);
    output("apt-get", ["-c", apt, "-q", "download", ...names], {
      cwd: work,
      stdio: ["ignore", process.stderr, "inherit"],
    });
    const folder = join(work, "root");
    for (const name of readdirSync(work).filter((name) => name.endsWith(".deb"))) {
      output("dpkg", ["-x", join(work, name), folder]);
    }
    arrange(folder);
    writeFileSync(join(folder, MARK), `${fingerprint(folder)}\n`);
    try {
      renameSync(folder, join(kernels, release));
    } catch (error) {
      // Somebody else fetched the same one meanwhile.
      if (!existsSync(join(kernels, release, MARK))) throw error;
    }
    return vmlinuzIn(join(kernels, release));
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function fromDebian(version: string): string {
  if (process.arch !== "x64")
    throw new Error("the test kernels are for x86-64; pass KERNEL=path-of-a-vmlinuz of your own");
  if (version !== "newest" && existsSync(kernels)) {
    for (const release of readdirSync(kernels)
      .filter((name) => !name.startsWith(".") && matches(name, version))
      .sort(newer)) {
      const found = cached(release);
      if (found !== undefined) return found;
    }
  }
  let apt: string;
  try {
    apt = output("sh", [fileURLToPath(new URL("../../native/apt.sh", import.meta.url)), "kernels"]).trim();
  } catch {
    throw new Error(
      "no kernel (above is why); KERNEL= also takes the path of a vmlinuz of your own, 6.16 or newer with CONFIG_SCHED_CLASS_EXT=y",
    );
  }
  const offered = output("apt-cache", ["-c", apt, "pkgnames", "linux-image-"])
    .split("\n")
    // Neither -cloud- (it lacks 9p), nor -rt-, nor the debug symbols.
    .flatMap((name) => /^linux-image-(\d+\.\d+\.\d+\+\w+-amd64)$/.exec(name)?.[1] ?? [])
    .sort(newer);
  const release = offered.find((release) => matches(release, version));
  if (release === undefined) throw new Error(`Debian's backports have no kernel ${version}, but ${offered.join(", ")}`);
  return cached(release) ?? download(apt, release);
}

function fromPath(path: string): string {
  if (!existsSync(path))
    throw new Error(`no such file: ${path}; KERNEL= takes a version (6.18, 6.18.15, newest) or a path`);
  const real = resolve(path);
  if (statSync(real).isDirectory()) arrange(real);
  const image = statSync(real).isDirectory() ? vmlinuzIn(real) : real;
  try {
    accessSync(image, constants.R_OK);
  } catch {
    throw new Error(`${image} is not readable for you; copy it (and its lib/modules folder) to where it is`);
  }
  return image;
}

/** The path of a bootable vmlinuz for a version, a path or nothing. Throws an Error that says what to do. */
export function findKernel(wanted = ""): string {
  const spec = wanted.trim() || DEFAULT_VERSION;
  return spec === "newest" || /^\d+\.\d+(\.\d+)?([+-][\w.+-]+)?$/.test(spec) ? fromDebian(spec) : fromPath(spec);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    console.log(findKernel(process.argv[2] ?? process.env.KERNEL));
  } catch (error) {
    say((error as Error).message);
    process.exitCode = 1;
  }
}
