// SPDX-License-Identifier: MIT
import { ScxError } from "../error.js";
import { native } from "../native/index.js";
import type { Btf } from "./btf.js";
import type { DataSection } from "./section.js";

/**
 * Whether sections of the object can be resized. In libbpf 1.4 that rewrites the object's BTF and leaves its struct_ops with
 * a name in freed memory, unless the BTF was rewritten at open already: for every object that calls a kfunc it was, and a
 * variable of this name is the mark. 1.5 mended it.
 */
export const canResize = (btf: Btf): boolean =>
  !/^v?1\.4/.test(native.libbpfVersion) ||
  btf.find("var", "dummy_ksym") !== undefined ||
  ![...btf.ofKind("datasec")].some(({ name }) => name.includes(".struct_ops"));

/** Gives a section another size; refuses where libbpf would come to harm. */
export function resizeSection(btf: Btf, section: DataSection, bytes: number): void {
  if (!canResize(btf))
    throw new ScxError("ERR_SCX_USAGE", {
      op: "set",
      message: `libbpf ${native.libbpfVersion} can't resize ${section.name} in a scheduler that calls no kfunc.`,
      remedy: "Upgrade libbpf to 1.5 or newer, or call one, as any scheduler that dispatches does.",
    });
  section.memory.resize(bytes);
}
