// SPDX-License-Identifier: MIT
import { existsSync, readdirSync, writeFileSync } from "node:fs";

const folder = "/sys/devices/system/cpu";

/**
 * Does it while only CPU 0 is online. Emulated CPUs take turns, and a process on one is charged for what runs on the other
 * meanwhile: alone on one CPU, each is charged for its own. How many CPUs there can be stays as it is.
 */
export async function onOneCpu<T>(work: () => Promise<T>): Promise<T> {
  const switches = readdirSync(folder)
    .filter((name) => /^cpu[1-9]\d*$/.test(name))
    .map((name) => `${folder}/${name}/online`)
    .filter((path) => existsSync(path));
  try {
    for (const path of switches) writeFileSync(path, "0");
    return await work();
  } finally {
    for (const path of switches) writeFileSync(path, "1");
  }
}
