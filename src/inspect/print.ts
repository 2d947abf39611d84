// SPDX-License-Identifier: MIT
import { stringify } from "lossless-json";
import type { MapDescription } from "../bpf/describe.js";
import type { BtfValue } from "../bpf/value.js";
import type { VariableDescription } from "../bpf/variable.js";
import type { ObjectProgram } from "../native/index.js";
import { isKeyed } from "../stats/schema.js";
import type { KernelNeeds, NeededConfig, NeededKfunc } from "./kernel.js";
import type { ObjectDescription } from "./object.js";
import { printable } from "./printable.js";

/** Longer values and shapes are cut for people; `--json` has them whole. */
const longest = 100;

/** An object's description for people: sections under headings, aligned in columns. */
export function describeLines(object: ObjectDescription): string[] {
  const { programs, maps, globals, kernel } = object;
  const sections: [heading: string, rows: readonly (readonly string[])[]][] = [
    ...object.ops.map(({ map, type, name, callbacks, fields }): [string, string[][]] => [
      `Ops ${map}: ${type}${name ? ` "${name}"` : ""}`,
      [...callbacks.map((one) => [one.name, one.program]), ...fields.map((one) => [one.name, valueText(one)])],
    ]),
    ["Programs", programs.map(programRow)],
    ["Maps", maps.flatMap(mapRows)],
    ["Globals", globals.map((one) => [one.section, one.name, one.type, valueText(one)])],
    [statsHeading(object), statRows(object)],
    [`Needs of the kernel, held against this one (${kernel.release})`, kernelRows(kernel)],
  ];
  return sections
    .flatMap(([heading, rows]) => ["", heading, ...(rows.length > 0 ? aligned(rows) : ["  none"])])
    .slice(1)
    .map(printable);
}

function statsHeading({ stats, statPlaces = [] }: ObjectDescription): string {
  if (!stats) return "Statistics";
  return `Statistics ${stats.name}${statPlaces.some((one) => one.declared) ? "" : ", and where they are"}`;
}

function statRows({ stats, statPlaces = [], statProblems = [] }: ObjectDescription): string[][] {
  const rows = (stats?.stats ?? []).map((one, i) => {
    const { place, storage, declared = true } = statPlaces[i] ?? {};
    const kind = isKeyed(one) ? `${one.kind} by key` : one.kind;
    return [one.name, kind, ...(declared ? [] : [`${place} (${storage})`]), one.unit ?? "", one.desc ?? ""];
  });
  return [...rows, ...statProblems.map((problem) => [problem])];
}

/** Columns as wide as their widest cell; the last one needs no width. */
function aligned(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = [];
  for (const row of rows)
    row.slice(0, -1).forEach((cell, i) => {
      widths[i] = Math.max(widths[i] ?? 0, cell.length);
    });
  return rows.map((row) => `  ${row.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join("  ")}`.trimEnd());
}

function programRow({ name, section, type, typeName, autoload }: ObjectProgram): string[] {
  return [name, section, typeName ?? `type ${type}`, autoload ? "" : `not loaded, unless with --program ${name}=on`];
}

function mapRows(map: MapDescription): string[][] {
  const side = (size: number, type: string | undefined) => `${type ?? "untyped"} (${size})`;
  const head = [
    map.name,
    map.typeName ?? `type ${map.type}`,
    `max ${map.maxEntries}`,
    `${side(map.keySize, map.key?.type)} → ${side(map.valueSize, map.value?.type)}`,
  ];
  if (map.typeName === "struct_ops") return [head]; // the ops have a section of their own
  const members = map.value?.members?.map(({ name, type }) => `${type} ${name}`).join("; ");
  return members ? [head, ["", "", "", cut(`{ ${members} }`)]] : [head];
}

function kernelRows({ schedExt, structs, members, kfuncs, config }: KernelNeeds): string[][] {
  const scheduler = structs.some(({ name }) => name.startsWith("sched_ext_ops"));
  // Without it there is no load at which anything could be cleared.
  const cleared = schedExt ? "no: cleared at load, with a warning" : "no";
  return [
    ...(scheduler ? [["sched_ext", schedExt ? "yes" : "no: this kernel has no sched_ext"]] : []),
    ...structs.map((one) => [`struct ${one.name}`, verdict(one, unloadable)]),
    ...members.map((one) => [`${one.struct}.${one.name}`, verdict(one, cleared)]),
    ...kfuncs.map((one) => [`${one.name}()`, kfuncVerdict(one)]),
    ...config.map((one) => [one.name, configVerdict(one)]),
  ];
}

const [unloadable, optional] = ["no: it can't be loaded", "no, but optional"];

function verdict({ present }: { present?: boolean }, no: string): string {
  if (present === undefined) return "unknown: this kernel gives no BTF";
  return present ? "yes" : no;
}

function kfuncVerdict(kfunc: NeededKfunc): string {
  if (kfunc.module !== undefined) return `yes, in module ${kfunc.module}`;
  const no = kfunc.weak ? optional : unloadable;
  return verdict(kfunc, kfunc.broken ? `${no} (this kernel describes it as no scheduler can call it)` : no);
}

function configVerdict({ present, value, weak }: NeededConfig): string {
  if (present === undefined)
    return `unknown: there is no file of this kernel's configuration; ${weak ? "it counts as not set" : "--kconfig FILE gives one"}`;
  return present ? `yes: ${value}` : weak ? optional : unloadable;
}

function valueText({ value, size, names }: VariableDescription): string {
  const text = value === undefined ? `(${size} bytes)` : jsonText(value);
  return cut(names ? `${text} (${names.join(" | ")})` : text);
}

const jsonText = (value: BtfValue): string => stringify(value) ?? "";

const cut = (text: string): string => (text.length > longest ? `${text.slice(0, longest - 1)}…` : text);
