// SPDX-License-Identifier: MIT
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { cacheFolder } from "../vm/cache.js";

const sources = join(cacheFolder, "sources");

const say = (text: string) => process.stderr.write(`peers: ${text}\n`);
const output = (command: string, args: string[], cwd?: string): string =>
  execFileSync(command, args, {
    cwd,
    stdio: ["ignore", "pipe", "inherit"],
    maxBuffer: 1 << 28,
    env: { ...process.env, LC_ALL: "C" },
  }).toString();

/** All that tools/sched_ext is built from. */
const parts = ["linux-*/tools", "linux-*/scripts", "linux-*/kernel/bpf/disasm.[ch]"];

/** Debian's package of a kernel's source; there is one for the series that it maintains now. */
function fromPackage(apt: string, series: string, work: string): boolean {
  const name = `linux-source-${series}`;
  if (!output("apt-cache", ["-c", apt, "pkgnames", name]).split("\n").includes(name)) return false;
  say(`fetching ${name}`);
  output("apt-get", ["-c", apt, "-q", "download", name], work);
  const deb = readdirSync(work).find((one) => one.endsWith(".deb")) as string;
  output("sh", ["-c", `dpkg-deb --fsys-tarfile "$1" | tar -x --strip-components=3`, "sh", deb], work);
  return true;
}

/** The upstream tarball that a kernel of Debian's was built from; the archive keeps those of some older series. */
function fromTarball(apt: string, release: string, work: string): boolean {
  const [version = ""] = release.split("+");
  const shown = output("apt-cache", ["-c", apt, "showsrc", "--only-source", "linux"]);
  const found = [...shown.matchAll(/^Version: (.*)$/gm)].find(([, one]) => one?.startsWith(`${version}-`))?.[1];
  if (found === undefined) return false;
  say(`fetching the source of Linux ${found}`);
  try {
    output("apt-get", ["-c", apt, "-q", "source", "--download-only", "--tar-only", `linux=${found}`], work);
    return true;
  } catch {
    return false; // listed, but thrown away: apt has said so
  }
}

/**
 * The folder of a kernel's source, as far as tools/sched_ext needs it; fetched from Debian once, then kept in the user's
 * cache. Undefined when Debian has it no more.
 * @param release as `uname -r` says
 */
export function findSource(release: string): string | undefined {
  const folder = join(sources, release);
  if (existsSync(folder)) return folder;
  const series = release.split(".", 2).join(".");
  const apt = output("sh", [fileURLToPath(new URL("../../native/apt.sh", import.meta.url)), "sources"]).trim();
  mkdirSync(sources, { recursive: true });
  const work = mkdtempSync(join(sources, `.${release}-`));
  try {
    if (!fromPackage(apt, series, work) && !fromTarball(apt, release, work)) return undefined;
    const tarball = readdirSync(work).find((one) => one.endsWith(".tar.xz")) as string;
    const root = join(work, "root");
    mkdirSync(root);
    const tar = ["-xJf", join(work, tarball), "-C", root, "--strip-components=1", "--wildcards"];
    output("tar", [...tar, "--no-wildcards-match-slash", ...parts]);
    renameSync(root, folder);
    return folder;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}
