// SPDX-License-Identifier: MIT
import { ScxError } from "../error.js";
import {
  checkMeta,
  type Leave,
  type MetaAttributes,
  type MetaData,
  type MetaField,
  type MetaKind,
  type MetaStruct,
  refuse,
  type StatsMeta,
} from "./meta.js";

/**
 * Reads what a server answered to `stats_meta`, parsed: today's shape, maps of structs and fields by name, and that of
 * upstream's first release (scx_stats 0.2), lists of both, kinds called `U64` or `{"Struct":"…"}` and `desc: null`. What it
 * doesn't know is left out.
 *
 * @param leave called with what is wrong with a field, of a type that we don't know or in contradiction to others; the field is left
 * out then, and refused unless given
 * @throws ScxError ERR_SCX_STATS_META that names the place: not of either shape, or in contradiction to itself (see
 * {@link checkMeta})
 */
export function readMeta(value: unknown, leave: Leave = refuse): StatsMeta {
  const meta = readShape(value, leave);
  checkMeta(meta, leave);
  return meta;
}

/** What {@link readMeta} does before it looks for contradictions. */
export function readShape(value: unknown, leave: Leave = refuse): StatsMeta {
  const meta = new Map<string, MetaStruct>();
  for (const [at, struct] of named(value, "The metadata")) {
    const read = readStruct(struct, at, leave);
    if (meta.has(read.name)) throw malformed(`Struct "${read.name}" is described twice`);
    meta.set(read.name, read);
  }
  return meta;
}

function readStruct(value: unknown, at: string, leave: Leave): MetaStruct {
  const struct = record(value, at);
  const name = text(struct.name, `${at}.name`);
  const fields = new Map<string, MetaField>();
  for (const [field, described] of named(struct.fields, `${at}.fields`)) {
    const where = `${name}.${field}`;
    try {
      const read = record(described, where);
      fields.set(field, { ...readData(read, where), ...attributes(read, where) });
    } catch (error) {
      leave(error as ScxError);
    }
  }
  const top = struct.top === "true" || struct.top === true;
  return { name, ...(top && { top: "true" }), ...attributes(struct, at), fields };
}

/** The members of a map by their names, or those of a list by what each says its name is. */
function named(value: unknown, where: string): [string, unknown][] {
  if (Array.isArray(value))
    return value.map((item, i) => [text(record(item, `${where}[${i}]`).name, `${where}[${i}].name`), item]);
  return Object.entries(record(value, where));
}

function readData(field: Record<string, unknown>, where: string): MetaData {
  if (field.datum !== undefined) return { datum: readKind(field.datum, `${where}.datum`) };
  if (field.array !== undefined) return { array: readKind(field.array, `${where}.array`) };
  if (field.dict === undefined) throw malformed(`${where} has no datum, array or dict`);
  const { key, datum } = record(field.dict, `${where}.dict`);
  return { dict: { key: readKind(key, `${where}.dict.key`), datum: readKind(datum, `${where}.dict.datum`) } };
}

const kinds = new Set<MetaKind>(["i64", "u64", "float", "string"]);

function readKind(value: unknown, where: string): MetaKind {
  const kind = typeof value === "string" ? (value.toLowerCase() as MetaKind) : value;
  if (kinds.has(kind as MetaKind)) return kind as MetaKind;
  if (typeof value === "object" && value !== null) {
    const { struct, Struct = struct } = record(value, where);
    return { struct: text(Struct, `${where}.struct`) };
  }
  throw malformed(`${where} is ${shown(value)}, which is no type`);
}

function attributes(value: Record<string, unknown>, where: string): MetaAttributes {
  const { desc, user } = value;
  return {
    ...(desc !== undefined && desc !== null && { desc: text(desc, `${where}.desc`) }),
    ...(user !== undefined && user !== null && { user: readUser(user, `${where}.user`) }),
  };
}

function readUser(value: unknown, where: string): Readonly<Record<string, string>> {
  const entries = Object.entries(record(value, where));
  return Object.fromEntries(entries.map(([name, item]) => [name, text(item, `${where}.${name}`)]));
}

function record(value: unknown, where: string): Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw malformed(`${where} is ${shown(value)}, not an object`);
  // Without a prototype, so that only what was sent can be found in it.
  return Object.assign(Object.create(null), value);
}

function text(value: unknown, where: string): string {
  if (typeof value !== "string") throw malformed(`${where} is ${shown(value)}, not a text`);
  return value;
}

const shown = (value: unknown): string => {
  if (value === undefined) return "missing";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object" && value !== null) return "an object";
  return typeof value === "string" ? JSON.stringify(value.slice(0, 40)) : String(value);
};

const malformed = (message: string): ScxError =>
  new ScxError("ERR_SCX_STATS_META", {
    op: "describe",
    message: `${message}.`,
    remedy: "Report it to the scheduler's author: tools need the description that stats_meta gives.",
  });
