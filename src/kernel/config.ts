// SPDX-License-Identifier: MIT
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";

/** A kernel's configuration as text, and the file that it is from. */
export interface KernelConfig {
  path: string;
  text: string;
}

/** The configuration of the kernel of that release, from where distributions put it; undefined when there is none to read. */
export function readConfig(kernel: string): KernelConfig | undefined {
  for (const path of ["/proc/config.gz", `/boot/config-${kernel}`, `/lib/modules/${kernel}/config`]) {
    try {
      const bytes = readFileSync(path);
      return { path, text: (path.endsWith(".gz") ? gunzipSync(bytes) : bytes).toString("utf8") };
    } catch {} // the next one
  }
  return undefined;
}

/** An option's value as the text has it, `y` for example; undefined when it isn't set. */
export function optionOf(text: string, option: string): string | undefined {
  const at = `\n${text}`.indexOf(`\n${option}=`);
  return at < 0 ? undefined : (text.slice(at + option.length + 1).split("\n", 1)[0] as string);
}

/** CONFIG_PAHOLE_VERSION of the kernel's build: 130 is 1.30, 0 means that there was none. */
export function paholeOf(text: string): number | undefined {
  const found = Number.parseInt(optionOf(text, "CONFIG_PAHOLE_VERSION") ?? "", 10);
  return Number.isNaN(found) ? undefined : found;
}
