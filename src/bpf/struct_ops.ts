// SPDX-License-Identifier: MIT
import { ScxError } from "../error.js";
import type { NativeObject, ObjectMap } from "../native/index.js";
import type { Btf, BtfType } from "./btf.js";
import type { FlagNames } from "./ops_flags.js";
import { MapMemory } from "./section.js";
import { type Variable, type VariableDescription, Variables } from "./variable.js";

/** The kernel's type name behind a local one: `sched_ext_ops___old` is a flavour of `sched_ext_ops`. */
const essentialName = (name: string): string => name.replace(/___.*$/, "");

/**
 * The kernel's types of a scheduler's struct_ops map. The second came with Linux 7.2: its callbacks are given CPU ids in the
 * order of the machine's topology (cids) in place of CPU numbers.
 */
export const schedulerTypes = ["sched_ext_ops", "sched_ext_ops_cid"] as const;

/** Whether that is the type of a scheduler's struct_ops map. */
export const isSchedulerType = (type: string): boolean => (schedulerTypes as readonly string[]).includes(type);

/** What a struct_ops map holds. */
export interface StructOpsDescription {
  /** The map's name in the object: `simple_ops`. */
  readonly map: string;
  /** The kernel's type that it is made for: `sched_ext_ops`. */
  readonly type: string;
  /** ops.name, where the type has it. */
  readonly name?: string;
  /** The callbacks that are set, in the struct's order, each with the program behind it. */
  readonly callbacks: readonly { readonly name: string; readonly program: string }[];
  /** The fields that are data and not zero. */
  readonly fields: readonly VariableDescription[];
}

interface FoundStructOps {
  readonly map: string;
  readonly index: number;
  readonly type: BtfType;
  readonly optional: boolean;
  readonly flags?: (() => FlagNames) | undefined;
}

/** A struct_ops map, mostly one of type sched_ext_ops: the scheduler's fields and callbacks, as plain data before load. */
export class StructOps {
  /** The map's name in the object: `simple_ops`. */
  readonly map: string;
  readonly index: number;
  /** Whether it is only made when asked for: SEC("?.struct_ops.link"). */
  readonly optional: boolean;
  readonly #object: NativeObject;
  readonly #btf: Btf;
  readonly #type: BtfType;
  readonly #memory: MapMemory;
  readonly #flags: (() => FlagNames) | undefined;
  #fields: Variables | undefined;

  constructor(object: NativeObject, btf: Btf, found: FoundStructOps) {
    this.map = found.map;
    this.index = found.index;
    this.optional = found.optional;
    this.#object = object;
    this.#btf = btf;
    this.#type = found.type;
    this.#memory = new MapMemory(object, found.index, false);
    this.#flags = found.flags;
  }

  /** The fields that are data: name, flags, timeout_ms… */
  get fields(): Variables {
    this.#fields ??= new Variables(this.#btf, this.#variables(), { noun: "ops field", unknown: "ERR_SCX_OPS_UNKNOWN" });
    return this.#fields;
  }

  /** The scheduler's name (ops.name). */
  get name(): string {
    return String(this.fields.get("name") ?? this.map);
  }

  /** Name of the kernel's type that the map is made for. */
  get type(): string {
    return essentialName(this.#type.name);
  }

  /** What it holds, as plain data; before load only. */
  describe(programs: readonly { readonly name: string }[]): StructOpsDescription {
    const callbacks = this.#type.members.flatMap((member) => {
      const offset = member.bitOffset / 8;
      if (this.#btf.resolve(member.type).kind !== "ptr" || this.#isZero(offset, 8)) return [];
      const program = programs[this.#object.callback(this.index, offset) ?? -1];
      return program ? [{ name: member.name, program: program.name }] : [];
    });
    const set = new Set(
      this.#type.members
        .filter((member) => !this.#isZero(member.bitOffset / 8, this.#btf.sizeOf(member.type)))
        .map((member) => member.name),
    );
    const fields = this.fields.describe().filter((field) => field.value !== undefined && set.has(field.name));
    const name = this.fields.get("name");
    return { map: this.map, type: this.type, ...(typeof name === "string" && { name }), callbacks, fields };
  }

  #isZero(offset: number, size: number): boolean {
    return this.#memory.read(offset, size).every((byte) => byte === 0);
  }

  /** The object is being loaded: nothing here can be changed any more. */
  freeze(): void {
    this.#memory.freeze();
  }

  /** Clears callbacks and fields that the kernel's own type lacks: libbpf refuses them otherwise. Returns their names. */
  clearUnknown(kernelMembers: ReadonlySet<string>): string[] {
    const cleared: string[] = [];
    for (const member of this.#type.members) {
      if (kernelMembers.has(member.name)) continue;
      const size = this.#btf.sizeOf(member.type);
      const offset = member.bitOffset / 8;
      if (this.#isZero(offset, size)) continue;
      this.#memory.write(offset, new Uint8Array(size));
      cleared.push(member.name);
    }
    return cleared;
  }

  *#variables(): Generator<Variable> {
    for (const member of this.#type.members) {
      yield {
        name: member.name,
        section: this.map,
        type: member.type,
        offset: member.bitOffset / 8,
        memory: this.#memory,
        ...(member.name === "flags" && this.#flags && isSchedulerType(this.type) && { flags: this.#flags }),
      };
    }
  }
}

/** The types of the object's struct_ops maps, of whatever kind, in the order of their declaration. */
export const structOpsTypes = (btf: Btf): { map: string; type: BtfType; optional: boolean }[] =>
  [...btf.ofKind("datasec")]
    .filter((type) => /^\??\.struct_ops(\.link)?/.test(type.name))
    .flatMap(({ name, variables }) =>
      variables.map(({ type }) => ({ variable: btf.type(type), optional: name.startsWith("?") })),
    )
    .map(({ variable, optional }) => ({ map: variable.name, type: btf.resolve(variable.type), optional }));

/** Whether one of them is a scheduler's. */
export const hasScheduler = (btf: Btf): boolean =>
  structOpsTypes(btf).some(({ type }) => isSchedulerType(essentialName(type.name)));

/** The object's struct_ops maps. */
export function structOpsMaps(
  object: NativeObject,
  maps: readonly ObjectMap[],
  btf: Btf,
  flags: (() => FlagNames) | undefined,
): StructOps[] {
  return structOpsTypes(btf)
    .map((found) => ({ ...found, index: maps.findIndex((map) => map.name === found.map), flags }))
    .filter(({ index }) => index >= 0)
    .map((found) => new StructOps(object, btf, found));
}

const schedulersAmong = (all: readonly StructOps[]): StructOps[] => all.filter((one) => isSchedulerType(one.type));

/**
 * The scheduler among an object's struct_ops maps: the one of a scheduler's type; that called `wanted` when there are
 * several. Optional ones are only taken when wanted, or when there is nothing else. One of each type is a scheduler in two
 * forms: then it is the newer one where the kernel has its type. Undefined when there is none, or nothing is wanted and there
 * are several.
 * @param kernelHas whether the running kernel knows a struct_ops type; only asked where that decides
 * @throws ScxError ERR_SCX_USAGE when `wanted` doesn't exist
 */
export async function chooseScheduler(
  all: readonly StructOps[],
  wanted: string | undefined,
  kernelHas: (type: string) => Promise<boolean>,
): Promise<StructOps | undefined> {
  const schedulers = schedulersAmong(all);
  if (wanted !== undefined) {
    const chosen = schedulers.find((one) => one.map === wanted);
    if (chosen) return chosen;
    throw choice(`The object has no scheduler in a struct_ops map "${wanted}".`, schedulers);
  }
  const meant = schedulers.filter((one) => !one.optional);
  const eligible = meant.length > 0 ? meant : schedulers;
  if (eligible.length < 2) return eligible[0];
  const [plain, cid] = schedulerTypes.map((type) => eligible.filter((one) => one.type === type));
  if (plain?.length !== 1 || cid?.length !== 1) return undefined;
  return (await kernelHas(schedulerTypes[1])) ? cid[0] : plain[0];
}

/** Throws ERR_SCX_USAGE when there are several schedulers to choose from. */
export function requireOneScheduler(all: readonly StructOps[]): void {
  const schedulers = schedulersAmong(all);
  if (schedulers.length > 1) throw choice("The object holds several schedulers.", schedulers);
}

const choice = (message: string, schedulers: readonly StructOps[]) =>
  new ScxError("ERR_SCX_USAGE", {
    op: "open",
    message,
    remedy: `Choose one with --ops-map (in a program opsMap): ${schedulers.map((one) => one.map).join(", ") || "it has none"}.`,
  });
