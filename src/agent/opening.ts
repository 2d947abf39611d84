// SPDX-License-Identifier: MIT
import { resolveObject } from "../bpf/bundled.js";
import { BpfObject } from "../bpf/object.js";
import type { ObjectSettings } from "./config.js";

/** Opens an object and sets what the config, and actuators since, say of it. */
export async function openObject(
  { object: nameOrPath, opsMap, kconfig, program, resize, set, ops }: ObjectSettings,
  written: ReadonlyMap<string, unknown>,
  signal: AbortSignal,
): Promise<BpfObject> {
  const object = await BpfObject.open(resolveObject(nameOrPath), { signal, opsMap, kconfig });
  try {
    for (const [name, use] of Object.entries(program ?? {})) object.setProgram(name, use);
    for (const [name, length] of Object.entries(resize ?? {})) object.resize(name, length);
    for (const [name, value] of [...Object.entries(set ?? {}), ...written]) object.setGlobal(name, value);
    for (const [name, value] of Object.entries(ops ?? {})) object.setOps(name, value);
    return object;
  } catch (error) {
    object.close();
    throw error;
  }
}
