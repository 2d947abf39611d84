// SPDX-License-Identifier: MIT
import { statSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, isAbsolute, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { causeOf } from "../error.js";

/** Whether a component's name is a user's module: `./my-sink.mjs#HttpSink`, `/etc/x.mjs`, `a-package#Name`. */
export const isModule = (name: string): boolean => /[#/]/.test(name) || /\.[cm]?js$/.test(name);

/** What a user's module has under that name. */
export interface Exported {
  readonly value: unknown;
  /** Another one when the file has changed: its components are other ones then. */
  readonly version: string;
}

/**
 * Loads what a component's name stands for: a module relative to the config file, or a package found from there, and one of its
 * exports (`default` without a #). A file that has changed is loaded anew.
 * @returns what is wrong instead
 */
export async function loadExport(name: string, configFile: string): Promise<Exported | { wrong: string }> {
  const at = name.lastIndexOf("#");
  const [specifier, member] = at < 0 ? [name, "default"] : [name.slice(0, at), name.slice(at + 1)];
  try {
    const { url, version } = locate(specifier, configFile);
    const module = (await import(url)) as Record<string, unknown>;
    if (Object.hasOwn(module, member)) return { value: module[member], version };
    const known = Object.keys(module).sort().join(", ") || "nothing";
    return { wrong: `${specifier} has no export "${member}"; it has ${known}` };
  } catch (error) {
    return { wrong: `${specifier} can't be loaded: ${causeOf(error)}` };
  }
}

function locate(specifier: string, configFile: string): { url: string; version: string } {
  const isFile = specifier.startsWith(".") || isAbsolute(specifier);
  const path = isFile
    ? resolve(dirname(resolve(configFile)), specifier)
    : createRequire(resolve(configFile)).resolve(specifier);
  const version = `${statSync(path).mtimeMs}`;
  // A package is loaded once a process, as those who import it expect.
  return { url: `${pathToFileURL(path)}${isFile ? `?${version}` : ""}`, version };
}
