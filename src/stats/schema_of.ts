// SPDX-License-Identifier: MIT
import { ScxError } from "../error.js";
import { labelsOf } from "./label_text.js";
import {
  histogramStruct,
  type MetaData,
  type MetaField,
  type MetaKind,
  type MetaStruct,
  type StatsMeta,
} from "./meta.js";
import type { KeyType, Stat, StatDatum, StatKind, StatsSchema, StatType, UserAttributes } from "./schema.js";

/**
 * How deep structs may hold each other. Upstream's client gives up at 128 levels of JSON, so no reply can be deeper; and a
 * chain made up to be longer than our stack is refused.
 */
const maxNesting = 125;

/**
 * The struct that target `top` answers with: the one marked so, and of several (scx_mitosis marks two) the one that no other holds;
 * where none is (upstream's first release), the first that no other struct holds. Undefined when there is none.
 */
export function topOf(meta: StatsMeta): MetaStruct | undefined {
  const held = new Set<string>();
  for (const struct of meta.values())
    for (const field of struct.fields.values()) {
      const kind = kindOf(field);
      if (typeof kind === "object") held.add(kind.struct);
    }
  const structs = [...meta.values()];
  const marked = structs.filter((struct) => struct.top);
  const isOuter = ({ name }: MetaStruct) => !held.has(name);
  return marked.find(isOuter) ?? marked[0] ?? structs.find(isOuter);
}

const kindOf = (data: MetaData): MetaKind =>
  "datum" in data ? data.datum : "array" in data ? data.array : data.dict.datum;

/**
 * Makes a schema of what a server says of its statistics: the inverse of {@link metaOf}. What isn't marked as a counter or
 * histogram of ours is a gauge.
 *
 * @param name the struct to begin with; {@link topOf} unless given
 * @throws ScxError ERR_SCX_STATS_META for a struct that isn't there, or structs that nest deeper than any reply can
 */
export function schemaOf(meta: StatsMeta, name: string | undefined = topOf(meta)?.name): StatsSchema {
  const schemas = new Map<string, StatsSchema>();
  const make = (of: string, depth: number): StatsSchema => {
    const known = schemas.get(of);
    if (known) return known;
    const struct = meta.get(of);
    if (!struct) throw unusable(`There is no struct "${of}"`);
    if (depth > maxNesting) throw unusable(`The structs nest deeper than ${maxNesting} levels`);
    const { desc, user, top, fields } = struct;
    const schema: StatsSchema = {
      name: of,
      ...(desc !== undefined && { desc }),
      ...(user && { user: user as UserAttributes }),
      ...(top && { top: true }),
      stats: [...fields].map(([field, data]) => statOf(field, data, (inner) => make(inner, depth + 1))),
    };
    schemas.set(of, schema);
    return schema;
  };
  if (name === undefined) throw unusable("The metadata describes nothing");
  return make(name, 1);
}

function statOf(name: string, field: MetaField, schema: (name: string) => StatsSchema): Stat {
  const { desc, user: { _scx_kind: declared, _scx_unit: unit, _scx_family: family, _scx_label: label, ...user } = {} } =
    field;
  const kind = kindFor(declared, field);
  const type = kind === "histogram" ? undefined : typeOf(field, schema);
  return {
    name,
    kind,
    ...(type !== undefined && type !== (kind === "counter" ? "u64" : "i64") && { type }),
    ...(desc !== undefined && { desc }),
    ...(unit !== undefined && { unit }),
    ...(family !== undefined && { family: { name: family, labels: labelsOf(label ?? "") } }),
    ...(Object.keys(user).length > 0 && { user: user as UserAttributes }),
  };
}

/** What is said of a kind only counts where the type can be one. */
function kindFor(declared: string | undefined, field: MetaField): StatKind {
  const kind = kindOf(field);
  if (declared === "counter" && kind === "u64") return "counter";
  const isHistogram = "datum" in field && typeof kind === "object" && kind.struct === histogramStruct;
  return declared === "histogram" && isHistogram ? "histogram" : "gauge";
}

function typeOf(data: MetaData, schema: (name: string) => StatsSchema): StatType {
  const datum = (kind: MetaKind): StatDatum => (typeof kind === "string" ? kind : { struct: schema(kind.struct) });
  if ("datum" in data) return datum(data.datum);
  if ("array" in data) return { array: datum(data.array) };
  // Checked when it was read: a key is no struct and no float.
  return { dict: datum(data.dict.datum), key: data.dict.key as KeyType };
}

const unusable = (message: string): ScxError =>
  new ScxError("ERR_SCX_STATS_META", {
    op: "describe",
    message: `${message}.`,
    remedy: "Name a struct that stats_meta describes, or report it to the scheduler's author.",
  });
