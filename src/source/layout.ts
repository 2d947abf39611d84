// SPDX-License-Identifier: MIT
import type { Btf, BtfMember, BtfType } from "../bpf/btf.js";
import { ScxError } from "../error.js";
import type { ObjectMap, ObjectProgram } from "../native/index.js";
import { familyRule, firstClash, isLabelName, labelRule } from "../stats/family.js";
import { histogramBuckets, type Stat, type StatKind, type StatsSchema } from "../stats/schema.js";
import { type Rows, sectionsOf } from "./rows.js";

/** BPF_MAP_TYPE_PERCPU_ARRAY of the kernel's include/uapi/linux/bpf.h. */
const percpuArray = 6;

/** The decl tag that bpf/include/scxkit/stats.h puts on the struct of a scheduler's statistics. */
const structTag = "scx_stats";

/** What that header calls their storage; the struct may be used elsewhere, too. */
const storage = { map: "scx_stats", rows: "scx_stats_rows" };

/** The program that header brings along to reset statistics in the kernel. */
const resetProgram = "scx_stats_reset";

/** Where the statistics lie: which map, and which u64 word of its value each one is. */
export interface StatsLayout {
  readonly schema: StatsSchema;
  readonly map: number;
  /** Index of each statistic's word, in the schema's order. */
  readonly words: readonly number[];
  /** Bytes of the struct. */
  readonly size: number;
  /** Index of the program that resets them in the kernel, when the object has one. */
  readonly reset: number | undefined;
  /** Absent where the map itself is per CPU. */
  readonly rows?: Rows;
}

/**
 * Finds an object's statistics by BTF alone: a PERCPU_ARRAY whose value is a struct tagged `scx_stats`, or an array of such
 * structs in mapped memory; each member is a statistic, its decl tags say what it means.
 * @returns undefined when the object declares none
 * @throws ScxError ERR_SCX_STATS_META when a member is no u64
 */
export function findStats(
  programs: readonly ObjectProgram[],
  maps: readonly ObjectMap[],
  btf: Btf,
): StatsLayout | undefined {
  const tagged = [...maps.entries()].filter(
    ([, one]) => one.type === percpuArray && one.valueTypeId > 0 && isTagged(btf, one.valueTypeId),
  );
  const [map, found] = tagged.find(([, { name }]) => name === storage.map) ?? tagged[0] ?? [];
  if (map === undefined || !found) return findRows(maps, btf);
  const reset = programs.findIndex((program) => program.name === resetProgram && program.autoload);
  return { ...layoutOf(btf, btf.resolve(found.valueTypeId)), map, reset: reset < 0 ? undefined : reset };
}

function layoutOf(btf: Btf, struct: BtfType): Pick<StatsLayout, "schema" | "words" | "size"> {
  const stats = struct.members.map((member, i) => describe(btf, struct, member, i));
  const clash = firstClash(stats);
  if (clash)
    throw wrong(
      struct,
      struct.members[clash.at] as BtfMember,
      `and ${clash.before.name} are ${clash.what}`,
      familyRule,
    );
  const words = struct.members.map((member) => member.bitOffset / 64);
  return { schema: { name: struct.name, stats }, words, size: struct.size };
}

/** SCX_STATS_MAPPED: a row for each CPU in a section of global data. */
function findRows(maps: readonly ObjectMap[], btf: Btf): StatsLayout | undefined {
  const tagged = sectionsOf(btf, maps).flatMap(({ map, type: section }) =>
    section.variables.flatMap(({ type, offset }) => {
      const { name, type: of } = btf.type(type);
      const array = btf.resolve(of);
      return array.kind === "array" && isTagged(btf, array.type) ? [{ map, name, offset, array }] : [];
    }),
  );
  const found = tagged.find(({ name }) => name === storage.rows) ?? tagged[0];
  if (!found) return undefined;
  const { map, offset, array } = found;
  const struct = btf.resolve(array.type);
  const rows = { offset, stride: struct.size, length: array.length };
  return { ...layoutOf(btf, struct), map, reset: undefined, rows };
}

const isTagged = (btf: Btf, type: number): boolean => btf.tags(btf.resolve(type).id).includes(structTag);

const wrong = (struct: BtfType, member: BtfMember, what: string, remedy: string) =>
  new ScxError("ERR_SCX_STATS_META", {
    op: "open",
    message: `Statistic ${struct.name}.${member.name} ${what}.`,
    remedy,
  });

function describe(btf: Btf, struct: BtfType, member: BtfMember, index: number): Stat {
  const tags = btf.tags(struct.id, index);
  const texts = (key: string) =>
    tags.filter((text) => text.startsWith(`${key}:`)).map((text) => text.slice(key.length + 1));
  const [kind = "counter"] = texts("scx_kind");
  if (!isKind(kind))
    throw wrong(
      struct,
      member,
      `is of kind "${kind}"`,
      "Kinds are counter, gauge and histogram: look for a newer scxkit.",
    );
  requireWords(btf, struct, member, kind);
  const [desc] = texts("scx_desc");
  const [unit] = texts("scx_unit");
  const [family] = texts("scx_family");
  const labels = texts("scx_label").map((text) => {
    const [label = "", value] = [text.split("=", 1)[0], text.slice(text.indexOf("=") + 1)];
    if (!text.includes("=") || !isLabelName(label))
      throw wrong(struct, member, `has the label "${text}"`, `Write SCX_LABEL(family, "type=greedy"); ${labelRule}.`);
    return [label, value];
  });
  if (member.name === "at")
    throw wrong(struct, member, "is called as the time of a reading is", "Give it another name.");
  return {
    name: member.name,
    kind,
    ...(desc ? { desc } : {}),
    ...(unit ? { unit } : {}),
    ...(family ? { family: { name: family, labels: Object.fromEntries(labels) } } : {}),
  };
}

const isKind = (text: string): text is StatKind => text === "counter" || text === "gauge" || text === "histogram";

/** Throws when a member isn't made of the u64 that its kind has. */
function requireWords(btf: Btf, struct: BtfType, member: BtfMember, kind: StatKind): void {
  const type = btf.resolve(member.type);
  const word = kind === "histogram" && type.kind === "array" ? btf.resolve(type.type) : type;
  const length = kind === "histogram" ? histogramBuckets + 1 : 0;
  if (word.kind !== "int" || word.size !== 8 || type.length !== length || member.bitOffset % 64 || member.bitSize)
    throw wrong(
      struct,
      member,
      `is a ${kind} of type ${btf.describe(member.type)}`,
      "Statistics are u64: declare it with SCX_COUNTER, SCX_GAUGE or SCX_HISTOGRAM of scxkit/stats.h.",
    );
}
