// SPDX-License-Identifier: MIT
import { optionsSchema, sinkFactory, sinkKinds } from "../sinks/registry.js";
import type { OptionsSchema } from "../sinks/sink.js";
import type { ValueSource } from "../source/values.js";
import type { Actuator } from "./actuator.js";
import type { Detector } from "./detector.js";
import type { ComponentList, KnownKinds } from "./schema.js";

/** How components of one kind are made; what a user's module exports, or a class whose constructor takes the options. */
export interface ComponentFactory<T> {
  /** What its options may be; any, where it doesn't say. */
  readonly options?: OptionsSchema;
  /** Whether its options name a scheduler, as {@link ObjectSettings}. */
  readonly isObject?: boolean;
  // biome-ignore lint/suspicious/noExplicitAny: each kind has options of its own, and its schema checks them
  create(options: any): T;
}

/** Detectors that scxkit brings: a new one is a file, and a line here. */
const detectors: Readonly<Record<string, () => Promise<{ detector: ComponentFactory<Detector> }>>> = {
  threshold: () => import("./threshold.js"),
  change: () => import("./change.js"),
  zscore: () => import("./zscore.js"),
};

/** Actuators that scxkit brings. */
const actuators: Readonly<Record<string, () => Promise<{ actuator: ComponentFactory<Actuator> }>>> = {
  set: () => import("./set.js"),
  switch: () => import("./switch.js"),
};

/** The factory of a detector or actuator that scxkit brings; the sinks have a registry of their own. */
export async function knownFactory(list: ComponentList, kind: string): Promise<ComponentFactory<unknown> | undefined> {
  if (list === "detectors" && Object.hasOwn(detectors, kind)) return (await detectors[kind]?.())?.detector;
  if (list === "actuators" && Object.hasOwn(actuators, kind)) return (await actuators[kind]?.())?.actuator;
  return undefined;
}

/**
 * The kinds that scxkit brings, with their options.
 * @param wanted whether a kind's options are wanted: those of a sink take its module to be loaded, with all that it brings
 */
export async function knownKinds(wanted: (kind: string) => boolean = () => true): Promise<KnownKinds> {
  const known = { sinks: {}, sources: {}, detectors: {}, actuators: {} } as Record<
    ComponentList,
    Record<string, OptionsSchema>
  >;
  for (const [kind, { about, needs }] of Object.entries(sinkKinds)) {
    const description = needs === undefined ? about : `${about}; needs ${needs}`;
    known.sinks[kind] = { description, ...(wanted(kind) && optionsSchema(await sinkFactory(kind))) };
  }
  for (const kind of Object.keys(detectors))
    known.detectors[kind] = (await knownFactory("detectors", kind))?.options ?? {};
  for (const kind of Object.keys(actuators))
    known.actuators[kind] = (await knownFactory("actuators", kind))?.options ?? {};
  return known;
}

/** The method by which a component is known. */
const methods = { sources: "read", detectors: "see", actuators: "act" } as const;

/**
 * A factory out of what a user's module exports: as it is, a class, or a function that gives a component.
 * @returns undefined for what is none of them
 */
export function factoryFrom<T extends ValueSource | Detector | Actuator>(
  list: keyof typeof methods,
  exported: unknown,
): ComponentFactory<T> | undefined {
  if (typeof exported === "object" && exported !== null)
    return "create" in exported && typeof exported.create === "function"
      ? (exported as ComponentFactory<T>)
      : undefined;
  if (typeof exported !== "function") return undefined;
  const { options } = exported as { options?: OptionsSchema };
  const isClass = /^class\b/.test(String(exported)) || typeof exported.prototype?.[methods[list]] === "function";
  const create = (given: object): T => (isClass ? Reflect.construct(exported, [given]) : exported(given));
  return { ...(options && { options }), create };
}

/** Whether something made by a user's factory is such a component. */
export const isComponent = (list: keyof typeof methods, made: unknown): boolean =>
  typeof (made as Record<string, unknown> | null)?.[methods[list]] === "function" &&
  (list !== "sources" || Array.isArray((made as Partial<ValueSource>).schema?.stats));
