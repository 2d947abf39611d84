// SPDX-License-Identifier: MIT
import { existsSync } from "node:fs";
import { release } from "node:os";
import { ScxError } from "../error.js";
import { libbpfPlaces, otherPlaces, readConfig } from "../kernel/config.js";
import type { Btf } from "./btf.js";

/** The configuration as far as a loader can find it. */
export interface KconfigPlaces {
  /** Whether libbpf itself finds a file of it. */
  readonly hasFile: boolean;
  /** The text of a file of it that libbpf doesn't know. */
  readonly elsewhere: () => string | undefined;
}

const places: KconfigPlaces = {
  get hasFile() {
    return libbpfPlaces(release()).some((file) => existsSync(file));
  },
  elsewhere: () => readConfig(release(), otherPlaces(release()))?.text,
};

/** What libbpf is told of the kernel's configuration, and what nobody can tell it. */
export interface Kconfig {
  /** Lines as in a .config, which go before the kernel's own. */
  readonly text: string | undefined;
  /** Values that the object can't do without, and that come from nowhere. */
  readonly missing: readonly string[];
}

/**
 * Without a file of the kernel's configuration libbpf refuses any object that asks for a value of it, be it a weak one, unless
 * it is told all of them. So the weak ones are told to be zero there, as they are where the file doesn't set them.
 * @param externs the object's undefined symbols
 * @param given the user's own lines, which come first
 */
export function completeKconfig(
  btf: Btf,
  externs: readonly { readonly name: string; readonly weak: boolean }[],
  given: string | undefined,
  { hasFile, elsewhere }: KconfigPlaces = places,
): Kconfig {
  const types = new Map(btf.find("datasec", ".kconfig")?.variables.map(({ type }) => [btf.type(type).name, type]));
  if (types.size === 0) return { text: given, missing: [] };
  const told = new Set(settings(given).map(([, name]) => name));
  const untold = externs.filter(({ name }) => name.startsWith("CONFIG_") && types.has(name) && !told.has(name));
  if (untold.length === 0 || hasFile) return { text: given, missing: [] };
  const found = new Map(settings(elsewhere()).map(([line, name]) => [name, line]));
  const lines = untold.flatMap(({ name, weak }) => {
    const line = found.get(name);
    if (line !== undefined) return [line];
    return weak ? [`${name}=${zeroOf(btf, btf.type(types.get(name) ?? 0).type)}`] : [];
  });
  return {
    text: lines.length > 0 ? [...(given ? [given.trimEnd()] : []), ...lines, ""].join("\n") : given,
    missing: untold.filter(({ name, weak }) => !weak && !found.has(name)).map(({ name }) => name),
  };
}

/** The lines that set something, each with its name. */
const settings = (text = ""): RegExpMatchArray[] => [...text.matchAll(/^(CONFIG_\w+)=.*$/gm)];

/** What a .config says for nothing, in a form that libbpf takes for the extern's type. */
function zeroOf(btf: Btf, id: number): string {
  const type = btf.resolve(id);
  if (type.kind === "array") return '""';
  return type.bool || type.kind === "enum" ? "n" : "0";
}

/** Throws ERR_SCX_KERNEL_LACKS when the object asks for values that come from nowhere. */
export function requireKconfig({ missing }: Kconfig): void {
  if (missing.length === 0) return;
  throw new ScxError("ERR_SCX_KERNEL_LACKS", {
    op: "load",
    message: `The object asks for ${missing.join(", ")} of the kernel's configuration, and there is no file of it to be read.`,
    remedy: `Give it with --kconfig FILE (in a program kconfig), put it at ${libbpfPlaces(release())[0]}, or declare the externs __weak.`,
  });
}
