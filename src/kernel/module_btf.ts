// SPDX-License-Identifier: MIT
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { extentOf } from "../bpf/btf.js";

/** The kernel's own BTF, on whose strings those of the modules build. */
const base = "vmlinux";

/** BTF_KIND_FUNC of include/uapi/linux/btf.h. */
const kindFunc = 12;

/**
 * Which module has a function, by the function's name. Asks the modules that are loaded, as libbpf does for a function that the
 * kernel itself lacks. What can't be read is left out.
 * @param folder another one than the kernel's, for tests
 */
export function functionsOfModules(names: readonly string[], folder = "/sys/kernel/btf"): Map<string, string> {
  const found = new Map<string, string>();
  if (names.length === 0) return found;
  const vmlinux = read(folder, base);
  const modules = vmlinux ? list(folder) : [];
  if (!vmlinux || modules.length === 0) return found;
  // A string that the kernel has already isn't in a module's BTF again.
  const shared = new Map(names.map((name) => [name, offsetOf(vmlinux.strings, name)]));
  for (const module of modules) {
    const btf = read(folder, module);
    if (!btf) continue;
    const wanted = new Map<number, string>();
    for (const name of names) {
      const [own, theirs] = [offsetOf(btf.strings, name), shared.get(name)];
      if (own !== undefined) wanted.set(vmlinux.strings.length + own, name);
      if (theirs !== undefined) wanted.set(theirs, name);
    }
    for (const name of functionsNamed(btf.types, wanted)) if (!found.has(name)) found.set(name, module);
  }
  return found;
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder).filter((name) => name !== base);
  } catch {
    return [];
  }
}

/** The types and strings of a BTF (struct btf_header: magic, its own length, then offset and length of both). */
function read(folder: string, name: string): { types: Buffer; strings: Buffer } | undefined {
  try {
    const bytes = readFileSync(join(folder, name));
    const [head, typesAt, types, stringsAt, strings] = [4, 8, 12, 16, 20].map((at) => bytes.readUInt32LE(at)) as [
      number,
      number,
      number,
      number,
      number,
    ];
    const cut = (at: number, length: number) => bytes.subarray(head + at, head + at + length);
    return { types: cut(typesAt, types), strings: cut(stringsAt, strings) };
  } catch {
    return undefined;
  }
}

/** Where a string stands among the others, each of which ends in a zero byte. */
function offsetOf(strings: Buffer, name: string): number | undefined {
  const whole = `${name}\0`;
  if (strings.subarray(0, whole.length).equals(Buffer.from(whole))) return 0; // a module's first string follows the kernel's last
  const at = strings.indexOf(`\0${whole}`);
  return at < 0 ? undefined : at + 1;
}

function* functionsNamed(types: Buffer, wanted: ReadonlyMap<number, string>): Generator<string> {
  if (wanted.size === 0) return;
  for (let at = 0; at + 12 <= types.length; ) {
    const info = types.readUInt32LE(at + 4);
    const name = wanted.get(types.readUInt32LE(at));
    if (name !== undefined && ((info >>> 24) & 0x1f) === kindFunc) yield name;
    const size = extentOf(info);
    if (size === undefined) return;
    at += size;
  }
}
