// SPDX-License-Identifier: MIT
import type { ValidateFunction } from "ajv/dist/2020.js";
import { causeOf } from "../error.js";
import { numbered } from "../numbered.js";
import { wordsOf } from "../sinks/options.js";
import type { SinkQueue } from "../sinks/queue.js";
import { createSink, factoryOf, optionsSchema, sinkFactory } from "../sinks/registry.js";
import type { OptionsSchema, SinkFactory } from "../sinks/sink.js";
import { groupNames } from "../source/group.js";
import type { ValueSource } from "../source/values.js";
import type { Actuator } from "./actuator.js";
import { anomaliesGroup } from "./anomalies.js";
import { CheckedSource } from "./checked_source.js";
import type { AgentSettings, ComponentSettings, ObjectSettings } from "./config.js";
import type { Detector } from "./detector.js";
import { InterpolatedValues } from "./interpolated.js";
import { type ComponentFactory, factoryFrom, isComponent, knownFactory } from "./kinds.js";
import { isModule, loadExport } from "./module.js";
import { objectOf } from "./object.js";
import type { Path, Problem } from "./problem.js";
import { type ComponentList, siblingKeys } from "./schema.js";
import { validatorOf } from "./validate.js";

/** A component that was made, and touches nothing yet. */
export interface Part<T> {
  readonly name: string;
  /** What its name was made of, where the file gives none; not of a source, whose name is its group's. */
  readonly unnamed?: string | undefined;
  readonly made: T;
  /** The same for a component of another config that would be the same: it may stay as it is then. Where it stands among others is no part of it. */
  readonly key: string;
}

/** Makes the queue and the sink behind it, under that name. */
export interface SinkPart extends Part<(name: string) => Promise<SinkQueue>> {
  /** Whether it gets samples, or only the anomalies of those detectors that name it. */
  readonly samples: boolean;
}

export interface DetectorPart extends Part<Detector> {
  /** Where its anomalies go; all sinks where it doesn't say. */
  readonly sinks: readonly SinkPart[] | undefined;
}

export interface ActuatorPart extends Part<Actuator> {
  readonly on: readonly string[] | undefined;
  readonly when: "begins" | "ends";
  readonly enabled: boolean;
  readonly times: number;
  readonly perMs: number;
}

/** The components of a config. A mapping that stands in several places by an anchor is one component. */
export interface AgentParts {
  readonly sinks: readonly SinkPart[];
  readonly sources: readonly Part<ValueSource>[];
  readonly detectors: readonly DetectorPart[];
  readonly actuators: readonly ActuatorPart[];
}

/** Groups that a user's source can't be. */
const ownGroups: readonly string[] = [...groupNames, anomaliesGroup];

/** Makes the components; what is wrong with them is added to the problems. */
export async function loadParts(
  settings: AgentSettings,
  file: string,
  problems: Problem[],
  interpolated = new InterpolatedValues(),
): Promise<AgentParts> {
  const loader = new Loader(file, problems, interpolated);
  const sources = await loader.all(settings.sources, ["sources"], (entry, path) =>
    loader.other<ValueSource>("sources", entry, path),
  );
  const groups = [...ownGroups, ...sources.map(({ name }) => name)];
  const sinkOf = (samples: boolean) => (entry: ComponentSettings, path: Path) =>
    loader.sink(entry, path, samples, groups);
  const sinks = await loader.all(settings.sinks, ["sinks"], sinkOf(true));
  const detectors = await loader.all(settings.detectors, ["detectors"], async (entry, path) => {
    const part = await loader.other<Detector>("detectors", entry, path);
    const own = entry.sinks as ComponentSettings[] | undefined;
    return part && { ...part, sinks: own && (await loader.all(own, [...path, "sinks"], sinkOf(false))) };
  });
  const names = detectors.map(({ name }) => name);
  const actuators = await loader.all(settings.actuators, ["actuators"], async (entry, path) => {
    const part = await loader.other<Actuator>("actuators", entry, path);
    const { on, when, enabled, times, perMs } = entry as unknown as ActuatorPart;
    for (const [i, name] of (on ?? []).entries())
      if (!names.includes(name)) loader.wrong([...path, "on", i], `there is no detector "${name}"`);
    return part && { ...part, on, when, enabled, times, perMs };
  });
  return { sources, sinks: loader.sinks(sinks), detectors, actuators };
}

class Loader {
  readonly #file: string;
  readonly #problems: Problem[];
  readonly #interpolated: InterpolatedValues;
  readonly #names = new Set<string>();
  readonly #keys = new Set<string>();
  readonly #sinks = new Map<ComponentSettings, SinkPart | undefined>();

  constructor(file: string, problems: Problem[], interpolated: InterpolatedValues) {
    this.#file = file;
    this.#problems = problems;
    this.#interpolated = interpolated;
  }

  wrong(path: Path, message: string, key = false): undefined {
    this.#problems.push({ path, message, key });
  }

  /** Those of a list that could be made. */
  async all<T>(
    entries: readonly ComponentSettings[] | undefined,
    path: Path,
    make: (entry: ComponentSettings, path: Path) => Promise<T | undefined>,
  ): Promise<T[]> {
    const made: T[] = [];
    for (const [i, entry] of (entries ?? []).entries()) {
      const part = await make(entry, [...path, i]);
      if (part !== undefined) made.push(part);
    }
    return made;
  }

  /** All sinks, each once, also those that only detectors name. */
  sinks(listed: readonly SinkPart[]): SinkPart[] {
    const others = [...this.#sinks.values()].filter((part) => part !== undefined && !listed.includes(part));
    return [...new Set([...listed, ...(others as SinkPart[])])];
  }

  async sink(
    entry: ComponentSettings,
    path: Path,
    samples: boolean,
    groups: readonly string[],
  ): Promise<SinkPart | undefined> {
    if (this.#sinks.has(entry)) return this.#sinks.get(entry);
    const part = await this.#newSink(entry, path, samples, groups);
    this.#sinks.set(entry, part);
    return part;
  }

  async #newSink(entry: ComponentSettings, path: Path, samples: boolean, groups: readonly string[]) {
    const kind = this.#kind("sinks", entry, path);
    if (kind === undefined) return undefined;
    const found = await this.#find(kind, path, async (exported) =>
      isModule(kind) ? factoryOf(kind, exported) : await sinkFactory(kind),
    );
    if (!found) return undefined;
    const options = (entry[kind] ?? {}) as { groups?: string[] };
    if (isModule(kind) && !this.#checkOptions(optionsSchema(found.factory as SinkFactory), options, [...path, kind]))
      return undefined;
    for (const [i, group] of (options.groups ?? []).entries())
      if (!groups.includes(group))
        this.wrong([...path, kind, "groups", i], `there is no group "${group}"; there are ${groups.join(", ")}`);
    const name = this.#name(kind, entry, path);
    try {
      const made = (name: string) => createSink({ name, factory: found.factory as SinkFactory, options });
      await made(name); // which tells what no schema can
      const unnamed = entry.name === undefined ? baseOf(kind) : undefined;
      return { name, unnamed, made, samples, key: this.#key("sinks", found.version, entry, samples) };
    } catch (error) {
      return this.wrong([...path, kind], causeOf(error), true);
    }
  }

  /** A component but a sink. */
  async other<T extends ValueSource | Detector | Actuator>(
    list: Exclude<ComponentList, "sinks">,
    entry: ComponentSettings,
    path: Path,
  ): Promise<Part<T> | undefined> {
    const kind = this.#kind(list, entry, path);
    if (kind === undefined) return undefined;
    const found = await this.#find(kind, path, async (exported) =>
      isModule(kind) ? factoryFrom<T>(list, exported) : ((await knownFactory(list, kind)) as ComponentFactory<T>),
    );
    if (!found) return undefined;
    let options = (entry[kind] ?? {}) as object;
    const { factory } = found;
    if (isModule(kind) && factory.options && !this.#checkOptions(factory.options, options, [...path, kind]))
      return undefined;
    try {
      if (factory.isObject)
        options = await objectOf(options as ObjectSettings, this.#file, [...path, kind], this.#problems);
      const component = factory.create(options);
      if (!isComponent(list, component)) return this.wrong([...path, kind], notOne(list, kind), true);
      const made = list === "sources" ? (new CheckedSource(component as ValueSource) as unknown as T) : component;
      const name = this.#name(list === "sources" ? (made as ValueSource).name : kind, entry, path);
      if (list === "sources" && ownGroups.includes(name))
        return this.wrong([...path, kind], `there is a group "${name}" already: give this one another name`, true);
      if (list === "sources") return { name, made, key: this.#key(list, found.version, entry, name) };
      const unnamed = entry.name === undefined ? baseOf(kind) : undefined;
      return { name, unnamed, made, key: this.#key(list, found.version, entry) };
    } catch (error) {
      return this.wrong([...path, kind], causeOf(error), true);
    }
  }

  /** The one key that is no sibling. */
  #kind(list: ComponentList, entry: ComponentSettings, path: Path): string | undefined {
    const beside = siblingKeys(list);
    const kinds = Object.keys(entry).filter((key) => !beside.includes(key));
    if (kinds.length === 1) return kinds[0];
    const what = list.slice(0, -1);
    return this.wrong(path, `each ${what} is one kind or module; here ${kinds.join(" and ") || "none"} is named`);
  }

  async #find<F>(
    kind: string,
    path: Path,
    factory: (exported: unknown) => Promise<F | undefined>,
  ): Promise<{ factory: F; version: string } | undefined> {
    try {
      const exported = isModule(kind) ? await loadExport(kind, this.#file) : { value: undefined, version: "" };
      if ("wrong" in exported) return this.wrong([...path, kind], exported.wrong, true);
      const found = await factory(exported.value);
      if (found) return { factory: found, version: exported.version };
      return this.wrong([...path, kind], notOne(String(path[0]), kind), true);
    } catch (error) {
      return this.wrong([...path, kind], causeOf(error), true);
    }
  }

  #checkOptions(schema: OptionsSchema, options: object, path: Path): boolean {
    let check: ValidateFunction;
    try {
      check = validatorOf({ type: "object", ...schema });
    } catch (error) {
      this.wrong(path, `its own schema of options can't be used: ${causeOf(error)}`, true);
      return false;
    }
    const errors = this.#interpolated.check(check, options);
    for (const error of errors) {
      const at = error.instancePath.split("/").slice(1);
      const extra = error.keyword === "additionalProperties" ? [String(error.params.additionalProperty)] : [];
      this.wrong([...path, ...at, ...extra], wordsOf(error), extra.length > 0);
    }
    return errors.length === 0;
  }

  /** Its name, or one after its kind that no other has. */
  #name(kind: string, entry: ComponentSettings, path: Path): string {
    const given = entry.name as string | undefined;
    const base = given ?? baseOf(kind);
    const name = numbered(base, (one) => given !== undefined || !this.#names.has(one));
    if (this.#names.has(name)) this.wrong([...path, "name"], `two components are called "${name}"`);
    this.#names.add(name);
    return name;
  }

  /** By what the file says of it; of several of which it says the same, by which of these it is. */
  #key(...facts: unknown[]): string {
    const key = numbered(JSON.stringify(facts), (one) => !this.#keys.has(one));
    this.#keys.add(key);
    return key;
  }
}

const methods: Readonly<Record<string, string>> = {
  sources: "read() and a schema",
  detectors: "see(sample)",
  actuators: "act(event, control)",
};

const notOne = (list: string, kind: string): string =>
  `${kind} is none of the ${list}: a class with a method ${methods[list] ?? "write(records, signal)"}, a function that gives such an object, or { options, create }`;

/** What a component is called after: the last part of a module's name, or its kind. */
const baseOf = (kind: string): string => kind.replace(/^.*[#/]/, "");
