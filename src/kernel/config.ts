// SPDX-License-Identifier: MIT
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";

/** A kernel's configuration as text, and the file that it is from. */
export interface KernelConfig {
  path: string;
  text: string;
}

/** Where libbpf looks for it. */
export const libbpfPlaces = (kernel: string): string[] => [`/boot/config-${kernel}`, "/proc/config.gz"];

/** Where others have it: Fedora and openSUSE; a kernel of one's own, installed from where it was built. */
export const otherPlaces = (kernel: string): string[] => [
  `/lib/modules/${kernel}/config`,
  `/lib/modules/${kernel}/build/.config`,
];

/** The configuration of the kernel of that release, from the first of the places that has it; undefined when none has. */
export function readConfig(
  kernel: string,
  places = [...libbpfPlaces(kernel), ...otherPlaces(kernel)],
): KernelConfig | undefined {
  for (const path of places) {
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
