// SPDX-License-Identifier: MIT
import { resolveObject } from "../bpf/bundled.js";
import { BpfObject } from "../bpf/object.js";
import type { ObjectSettings } from "./config.js";

/** Opens an object and sets what the config, and actuators since, say of it. */
export async function openObject(
  settings: ObjectSettings,
  written: ReadonlyMap<string, unknown>,
  signal: AbortSignal,
): Promise<BpfObject> {
  const object = await openBare(settings, signal);
  try {
    for (const { apply } of settingsOf(settings)) apply(object);
    for (const [name, value] of written) object.setGlobal(name, value);
    return object;
  } catch (error) {
    object.close();
    throw error;
  }
}

/** Opens an object; nothing is set yet. */
export const openBare = ({ object, opsMap, kconfig }: ObjectSettings, signal: AbortSignal): Promise<BpfObject> =>
  BpfObject.open(resolveObject(object), { signal, opsMap, kconfig });

/** What is set of an open object, one thing after the other. */
export function* settingsOf({
  program = {},
  resize = {},
  set = {},
  ops = {},
}: ObjectSettings): Generator<{ where: [key: string, name: string]; apply: (object: BpfObject) => void }> {
  for (const [name, use] of Object.entries(program))
    yield { where: ["program", name], apply: (object) => object.setProgram(name, use) };
  for (const [name, length] of Object.entries(resize))
    yield { where: ["resize", name], apply: (object) => object.resize(name, length) };
  for (const [name, value] of Object.entries(set))
    yield { where: ["set", name], apply: (object) => object.setGlobal(name, value) };
  for (const [name, value] of Object.entries(ops))
    yield { where: ["ops", name], apply: (object) => object.setOps(name, value) };
}
