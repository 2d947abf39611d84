// SPDX-License-Identifier: MIT
import { ScxError } from "../error.js";
import type { NativeObject, ObjectMap } from "../native/index.js";
import type { Btf, BtfType } from "./btf.js";
import { MapMemory } from "./section.js";
import { type Variable, Variables } from "./variable.js";

/** The kernel's type name behind a local one: `sched_ext_ops___old` is a flavour of `sched_ext_ops`. */
const essentialName = (name: string): string => name.replace(/___.*$/, "");

/** A struct_ops map of type sched_ext_ops: the scheduler's fields and callbacks, as plain data before load. */
export class StructOps {
  /** The map's name in the object: `simple_ops`. */
  readonly map: string;
  readonly index: number;
  readonly #btf: Btf;
  readonly #type: BtfType;
  readonly #memory: MapMemory;
  #fields: Variables | undefined;

  constructor(object: NativeObject, btf: Btf, found: { map: string; index: number; type: BtfType }) {
    this.map = found.map;
    this.index = found.index;
    this.#btf = btf;
    this.#type = found.type;
    this.#memory = new MapMemory(object, found.index, false);
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
      if (this.#memory.read(offset, size).every((byte) => byte === 0)) continue;
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
      };
    }
  }
}

/**
 * The object's sched_ext_ops map; the one called `wanted` when it has several.
 * @throws ScxError ERR_SCX_USAGE when `wanted` doesn't exist, or nothing is wanted and there are several
 */
export function findStructOps(
  object: NativeObject,
  maps: readonly ObjectMap[],
  btf: Btf,
  wanted: string | undefined,
): StructOps | undefined {
  const found = [...btf.ofKind("datasec")]
    .filter((type) => /^\??\.struct_ops(\.link)?/.test(type.name))
    .flatMap((section) => section.variables.map((variable) => btf.type(variable.type)))
    .map((variable) => ({
      map: variable.name,
      index: maps.findIndex((map) => map.name === variable.name),
      type: btf.resolve(variable.type),
    }))
    .filter(({ index, type }) => index >= 0 && essentialName(type.name) === "sched_ext_ops");
  const chosen = wanted === undefined ? found : found.filter((one) => one.map === wanted);
  if (chosen.length > 1 || (wanted !== undefined && chosen.length === 0))
    throw new ScxError("ERR_SCX_USAGE", {
      op: "open",
      message:
        wanted === undefined ? "The object holds several schedulers." : `The object has no struct_ops map "${wanted}".`,
      remedy: `Choose one with opsMap: ${found.map((one) => one.map).join(", ") || "it has none"}.`,
    });
  return chosen[0] && new StructOps(object, btf, chosen[0]);
}
