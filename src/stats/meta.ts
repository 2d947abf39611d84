// SPDX-License-Identifier: MIT
import { ScxError } from "../error.js";
import { labelText } from "./label_text.js";
import type { Stat, StatDatum, StatsSchema } from "./schema.js";

/** Type of one value on the wire, in upstream's spelling; a struct is referred to by its name. */
export type MetaKind = "i64" | "u64" | "float" | "string" | { readonly struct: string };

/** What a field holds: one value, a list, or a dictionary (whose keys travel as strings). */
export type MetaData =
  | { readonly datum: MetaKind }
  | { readonly array: MetaKind }
  | { readonly dict: { readonly key: MetaKind; readonly datum: MetaKind } };

/** What a field and a struct have in common. User attributes have names that start with `_`. */
export interface MetaAttributes {
  readonly desc?: string;
  readonly user?: Readonly<Record<string, string>>;
}

/** One field of a struct as `stats_meta` describes it. */
export type MetaField = MetaData & MetaAttributes;

/** One struct as `stats_meta` describes it. Fields are a Map: their names come from an object file, `__proto__` included. */
export interface MetaStruct extends MetaAttributes {
  readonly name: string;
  /** `"true"` on the struct that target `top` answers with. */
  readonly top?: "true";
  readonly fields: ReadonlyMap<string, MetaField>;
}

/** The whole reply to `stats_meta`: every struct under its name. */
export type StatsMeta = ReadonlyMap<string, MetaStruct>;

/** Name of the field that says when the values were read. */
export const atField = "at";

/** Name of the struct that a histogram is on the wire. */
export const histogramStruct = "scx_histogram";

/**
 * Describes a scheduler's statistics: the top struct, named as the schema, with a field for each statistic (counters u64,
 * gauges i64 unless they say otherwise) and `at`, and the structs that it refers to. Kind, unit and family travel as the
 * user attributes `_scx_kind`, `_scx_unit`, `_scx_family` and `_scx_label` ({@link labelText}); `at` is marked `_om_skip`, because a time of
 * reading is no metric.
 *
 * @param isTop whether it is what target `top` answers with
 * @throws ScxError ERR_SCX_STATS_META when two statistics share a name, or one is called `at`.
 */
export function metaOf(schema: StatsSchema, isTop = true): MetaStruct[] {
  const [top, ...others] = structsOf(schema);
  if (top?.fields.has(atField)) throw contradiction(`${schema.name}: "at" is the reading's time, no statistic's name`);
  const at: MetaField = { datum: "u64", desc: "time of the reading, ns since 1970", user: { _om_skip: "true" } };
  return [
    { ...(top as MetaStruct), ...(isTop && { top: "true" }), fields: new Map([[atField, at], ...(top?.fields ?? [])]) },
    ...others,
  ];
}

/** Describes a schema as it stands: its struct first, then those that it refers to. @throws ScxError ERR_SCX_STATS_META */
export function structsOf(schema: StatsSchema): MetaStruct[] {
  const structs: Structs = new Map();
  describeStruct(schema, structs);
  return [...structs.values()];
}

type Structs = Map<StatsSchema | typeof histogramStruct, MetaStruct>;

function describeStruct(schema: StatsSchema, structs: Structs): MetaStruct {
  const known = structs.get(schema);
  if (known) return known;
  const { name, desc, user, top, stats } = schema;
  if (name === "") throw contradiction("The statistics' struct has no name");
  const fields = new Map<string, MetaField>();
  const struct: MetaStruct = {
    name,
    ...(top && { top: "true" as const }),
    ...(desc !== undefined && { desc }),
    ...(user && { user }),
    fields,
  };
  structs.set(schema, struct); // before its fields, which may be of itself: that is for checkMeta() to say
  for (const stat of stats) {
    if (fields.has(stat.name)) throw contradiction(`${name}: two statistics are called "${stat.name}"`);
    fields.set(stat.name, describeStat(stat, structs));
  }
  return struct;
}

function describeStat(stat: Stat, structs: Structs): MetaField {
  const { kind, desc, unit, family } = stat;
  return {
    ...dataOf(stat, structs),
    ...(desc !== undefined && { desc }),
    user: {
      _scx_kind: kind,
      ...(unit !== undefined && { _scx_unit: unit }),
      ...(family && { _scx_family: family.name, _scx_label: labelText(family.labels) }),
      ...stat.user,
    },
  };
}

function dataOf({ kind, type }: Stat, structs: Structs): MetaData {
  if (kind === "histogram") {
    if (!structs.has(histogramStruct)) structs.set(histogramStruct, describeHistogram);
    return { datum: { struct: histogramStruct } };
  }
  const datum = (data: StatDatum): MetaKind =>
    typeof data === "string" ? data : { struct: describeStruct(data.struct, structs).name };
  if (type === undefined) return { datum: kind === "counter" ? "u64" : "i64" };
  if (typeof type === "object" && "array" in type) return { array: datum(type.array) };
  if (typeof type === "object" && "dict" in type) return { dict: { key: type.key, datum: datum(type.dict) } };
  return { datum: datum(type) };
}

const describeHistogram: MetaStruct = {
  name: histogramStruct,
  desc: "how many values there were of each size",
  fields: new Map<string, MetaField>([
    ["count", { datum: "u64", desc: "all values" }],
    ["sum", { datum: "u64", desc: "their sum" }],
    ["buckets", { array: "u64", desc: "zeros first; in the i-th those from 2^(i-1) to 2^i - 1" }],
  ]),
};

/**
 * Puts structs together into what `stats_meta` answers, and checks them: names given once, references that lead
 * somewhere and never back to where they came from (meeting one struct twice is fine), keys that can be keys, user
 * attributes named as such.
 *
 * @throws ScxError ERR_SCX_STATS_META that names the struct and field.
 */
export function assembleMeta(structs: Iterable<MetaStruct>): StatsMeta {
  const meta = new Map<string, MetaStruct>();
  for (const struct of structs) {
    const known = meta.get(struct.name);
    if (known !== undefined && known !== struct) throw contradiction(`Two structs are called "${struct.name}"`);
    meta.set(struct.name, struct);
  }
  checkMeta(meta);
  return meta;
}

/** Takes what is wrong with a field, which is left out then. */
export type Leave = (fault: ScxError) => void;

/** What is done with a fault where nothing may be left out. */
export const refuse: Leave = (fault) => {
  throw fault;
};

/**
 * The checks of {@link assembleMeta} alone, for metadata that is a map already.
 * @param leave is told each field at fault, which is then taken out; refused unless given
 */
export function checkMeta(meta: StatsMeta, leave: Leave = refuse): void {
  const leaveOut = (fault: ScxError, struct: string, field: string) => {
    leave(fault);
    const { fields } = meta.get(struct) as MetaStruct;
    (fields as Map<string, MetaField>).delete(field);
  };
  for (const [name, struct] of meta) {
    if (struct.name !== name) throw contradiction(`Struct "${struct.name}" is listed under "${name}"`);
    checkUser(struct, name);
    for (const [field, data] of struct.fields) {
      try {
        checkField(meta, data, `${name}.${field}`);
      } catch (error) {
        leaveOut(error as ScxError, name, field);
      }
    }
  }
  checkLoops(meta, leaveOut);
}

function checkField(meta: StatsMeta, field: MetaField, where: string): void {
  checkUser(field, where);
  if ("dict" in field && field.dict.key !== "i64" && field.dict.key !== "u64" && field.dict.key !== "string") {
    const key = typeof field.dict.key === "string" ? field.dict.key : `struct ${field.dict.key.struct}`;
    throw contradiction(`${where} is a dictionary with ${key} as its key, where only i64, u64 and string can be`);
  }
  const target = reference(field);
  if (target !== undefined && !meta.has(target)) throw contradiction(`${where} refers to unknown struct "${target}"`);
}

function checkUser({ user }: MetaAttributes, where: string): void {
  const wrong = Object.keys(user ?? {}).find((name) => !name.startsWith("_"));
  if (wrong !== undefined) throw contradiction(`${where} has user attribute "${wrong}", which doesn't start with "_"`);
}

/** The struct that a field's values are made of, if they are. */
function reference(field: MetaField): string | undefined {
  const kind = "datum" in field ? field.datum : "array" in field ? field.array : field.dict.datum;
  return typeof kind === "object" ? kind.struct : undefined;
}

/** Walks depth first with a stack of its own: a chain of structs may be longer than the engine's stack. */
function checkLoops(meta: StatsMeta, closes: (fault: ScxError, struct: string, field: string) => void): void {
  const done = new Set<string>();
  // From what answers requests: where a loop is cut, as much as can be stays below that.
  const starts = [...meta.values()].sort((a, b) => Number(b.top !== undefined) - Number(a.top !== undefined));
  for (const { name: start } of starts) {
    const path = [{ name: start, next: references(meta, start) }];
    const onPath = new Set([start]);
    for (let top = path.at(-1); top !== undefined && !done.has(start); top = path.at(-1)) {
      const [field, name] = top.next.pop() ?? [];
      if (field === undefined || name === undefined) {
        done.add(top.name);
        onPath.delete(top.name);
        path.pop();
      } else if (onPath.has(name)) {
        const names = path.map((step) => step.name);
        const loop = [...names.slice(names.indexOf(name)), name].join(" → ");
        closes(contradiction(`The structs refer to each other in a loop: ${loop}`), top.name, field);
      } else if (!done.has(name)) {
        path.push({ name, next: references(meta, name) });
        onPath.add(name);
      }
    }
  }
}

/** The fields of a struct that are made of others, and those structs. */
function references(meta: StatsMeta, name: string): [field: string, target: string][] {
  const fields = [...(meta.get(name)?.fields ?? [])];
  return fields.flatMap(([field, data]): [string, string][] => {
    const target = reference(data);
    return target === undefined ? [] : [[field, target]];
  });
}

function contradiction(message: string): ScxError {
  return new ScxError("ERR_SCX_STATS_META", {
    op: "describe",
    message: `${message}.`,
    remedy: "Correct the declaration of the statistics; names are unique, and structs refer to known structs only.",
  });
}
