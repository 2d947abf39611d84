// SPDX-License-Identifier: MIT
// Debian's packages, fetched through a private apt that checks them against the signed lists, and unpacked, never installed.

import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { checkout } from "../objects.js";
import { cachedFolder, type Missing, run } from "./peer.js";

/** The folder with a package's files, or why it isn't here. Packages that it needs don't come along. */
export function debianPackage(name: string): Promise<{ folder: string } | Missing> {
  return cachedFolder(name, async (folder) => {
    const apt = await run("sh", [join(checkout, "native/apt.sh"), "packages"]);
    if (apt.status !== 0) return { missing: `${name} comes by apt: ${lastLine(apt.stderr)}` };
    const download = await run("apt-get", ["-c", apt.stdout.trim(), "-q", "download", name], { cwd: folder });
    const file = readdirSync(folder).find((one) => one.endsWith(".deb"));
    if (!file) return { missing: `${name} can't be fetched: ${lastLine(download.stderr)}` };
    const unpacked = await run("dpkg", ["-x", join(folder, file), folder]);
    if (unpacked.status !== 0) throw new Error(unpacked.stderr);
    rmSync(join(folder, file));
    return undefined;
  });
}

const lastLine = (text: string) => text.trim().split("\n").at(-1) ?? "";
