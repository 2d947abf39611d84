// SPDX-License-Identifier: MIT
import { readFileSync } from "node:fs";
import { Btf, type BtfType } from "../bpf/btf.js";
import { schedulerTypes } from "../bpf/struct_ops.js";
import { vmlinuxBtf } from "../kernel/types.js";
import { native } from "../native/index.js";

/** A scheduler as its struct_ops map has it. */
export interface Ops {
  /** ops.name. */
  readonly name: string;
  /** Program ids by callback. */
  readonly programs: ReadonlyMap<string, number>;
  /** Whether it was registered by its map alone. Those that have a link are not, whether that attaches them or not. */
  readonly isInUse: boolean;
}

/** Where the value of a scheduler's struct_ops map has what is looked for: bytes from its beginning. */
interface OpsLayout {
  /** Of the whole value. */
  readonly size: number;
  /** The map's own state, an enum of 4 bytes. */
  readonly state: number;
  readonly name: { readonly at: number; readonly length: number };
  readonly callbacks: readonly { readonly name: string; readonly at: number }[];
}

let layouts: readonly OpsLayout[] | undefined;

/** Of the types that this kernel has. Of its BTF nothing else is kept: that is 10 MB, and an agent looks for schedulers for months. */
function opsLayouts(): readonly OpsLayout[] {
  const btf = new Btf(readFileSync(vmlinuxBtf));
  return schedulerTypes.flatMap((type) => {
    const wrapper = btf.find("struct", `bpf_struct_ops_${type}`);
    const data = wrapper?.members.find((member) => member.name === "data");
    if (!wrapper || !data) return [];
    const members = btf.resolve(data.type).members.map(({ name, type, bitOffset }) => ({
      name,
      type: btf.resolve(type),
      at: (data.bitOffset + bitOffset) / 8,
    }));
    const name = members.find((member) => member.name === "name");
    const state = placeOf(btf, wrapper, "common", "state");
    if (!name || state === undefined) return [];
    return {
      size: wrapper.size,
      state,
      name: { at: name.at, length: btf.sizeOf(name.type.id) },
      callbacks: members.filter((member) => member.type.kind === "ptr").map(({ name, at }) => ({ name, at })),
    };
  });
}

/** Bytes from a struct's beginning to a member of one of its members. */
function placeOf(btf: Btf, { members }: BtfType, outer: string, inner: string): number | undefined {
  const first = members.find(({ name }) => name === outer);
  const second = first && btf.resolve(first.type).members.find(({ name }) => name === inner);
  return first && second && (first.bitOffset + second.bitOffset) / 8;
}

/** BPF_STRUCT_OPS_STATE_INUSE of include/linux/bpf.h: registered by an update of the map; one for links is "ready" (3) all the time. */
const inUse = 1;

/**
 * What stands in a struct_ops map: the kernel puts the programs' ids where the pointers were. Undefined for one of another type than a
 * scheduler's. Throws what the addon throws.
 */
export function readOps(id: number): Ops | undefined {
  layouts ??= opsLayouts();
  const map = native.mapById(id);
  try {
    for (const layout of layouts) {
      if (layout.size !== map.info().valueSize) continue;
      const ops = decodeOps(layout, map.readValue());
      if (ops) return ops;
    }
    return undefined;
  } finally {
    map.close();
  }
}

function decodeOps({ name, state, callbacks }: OpsLayout, value: Uint8Array): Ops | undefined {
  const view = new DataView(value.buffer, value.byteOffset, value.byteLength);
  const programs = new Map<string, number>();
  for (const callback of callbacks) {
    const program = Number(view.getBigUint64(callback.at, true));
    if (program > 0 && program < 2 ** 32) programs.set(callback.name, program);
  }
  const text = value.subarray(name.at, name.at + name.length);
  const own = new TextDecoder().decode(text.subarray(0, Math.max(0, text.indexOf(0))));
  return own === "" ? undefined : { name: own, programs, isInUse: view.getUint32(state, true) === inUse };
}
