// SPDX-License-Identifier: MIT
import { numbered } from "../numbered.js";
import type { ValueSource } from "../source/values.js";
import type { AgentConfig } from "./load.js";
import type { Part } from "./parts.js";

/**
 * A config with the names that another one has made before: a component that is in both keeps its name, wherever the file has it now, and with
 * it what was counted under it. Names that the file gives count first; what is new takes those that are left.
 */
export function keptNames(next: AgentConfig, before: AgentConfig): AgentConfig {
  const { sinks, sources, detectors, actuators } = next;
  const made = [...sinks, ...detectors, ...actuators].filter(({ unnamed }) => unnamed !== undefined);
  const given = [...sinks, ...sources, ...detectors, ...actuators].filter(({ unnamed }) => unnamed === undefined);
  const taken = new Set(given.map(({ name }) => name));
  const former = new Map(
    [...before.sinks, ...before.detectors, ...before.actuators].map(({ key, name }) => [key, name]),
  );
  const names = new Map<string, string>();
  const take = (key: string, name: string) => {
    names.set(key, name);
    taken.add(name);
  };
  for (const { key } of made) {
    const name = former.get(key);
    if (name !== undefined && !taken.has(name)) take(key, name);
  }
  for (const { key, unnamed } of made)
    if (!names.has(key))
      take(
        key,
        numbered(unnamed as string, (one) => !taken.has(one)),
      );
  const named = <P extends Part<unknown>>(part: P): P => ({ ...part, name: names.get(part.key) ?? part.name });
  // What answers them names them as the file alone would.
  const asNow = new Map(detectors.map((part) => [part.name, named(part).name]));
  return {
    ...next,
    sinks: sinks.map(named),
    detectors: detectors.map((part) => ({ ...named(part), sinks: part.sinks?.map(named) })),
    actuators: actuators.map((part) => ({ ...named(part), on: part.on?.map((name) => asNow.get(name) ?? name) })),
  };
}

/** A part that runs already in place of the same one that was made anew, which nobody will need. */
export function keptPart<P extends Part<object>>(part: P, before: readonly P[]): P {
  const known = before.find(({ key }) => key === part.key);
  if (known === undefined || known.made === part.made) return part;
  (part.made as Partial<ValueSource>).close?.();
  return { ...part, made: known.made };
}
