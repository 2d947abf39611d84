// SPDX-License-Identifier: MIT
import { release } from "node:os";
import type { Btf } from "../bpf/btf.js";
import type { ObjectParts } from "../bpf/object.js";
import { canResize } from "../bpf/resize.js";
import { logger } from "../diagnostics.js";
import { ScxError } from "../error.js";
import { cpuIds } from "../kernel/cpus.js";
import { releaseDoubt } from "../kernel/release.js";
import { kernelBtf, requireSchedExt, schedExt } from "../kernel/sched_ext.js";
import { type Enumerators, isWideEnum, requireWholeConstants } from "../kernel/wide_constants.js";
import { ExitInfo } from "./exit.js";
import type { LoadOptions } from "./loaded.js";
import { mayBeUnknown, reviseFlags } from "./ops_flags.js";

const log = logger("scheduler");

/** SCX_EXIT_DUMP_DFL_LEN of kernel/sched/ext_internal.h: the dump's size when ops.exit_dump_len is 0. */
const defaultDumpLength = 32768;

/** More than a dump of thousands of tasks; each loaded scheduler holds that much memory. */
const longestDump = 16 * 1024 * 1024;

/** Enums of the kernel whose values upstream's headers want in weak `__SCX_*` globals (scx's enum_defs). */
const kernelEnums = [
  "scx_public_consts",
  "scx_rq_flags",
  "scx_dsq_id_flags",
  "scx_ent_flags",
  "scx_ent_dsq_flags",
  "scx_kick_flags",
  "scx_enq_flags",
  "scx_deq_flags",
  "scx_task_state",
];

/**
 * What every loader of a scheduler has to do between open and load: bring the ops into line with the running kernel, fill
 * in the kernel's enum values, make room for the exit dump.
 * @returns the scheduler's exit information, when it keeps any
 */
export async function prepareScheduler(parts: ObjectParts, options: LoadOptions): Promise<ExitInfo | undefined> {
  const { ops, structOps, sections, btf } = parts;
  if (!ops) return undefined;
  requireSchedExt("load");
  const doubt = releaseDoubt(release());
  if (doubt) log.warn(doubt);
  const kernel = await kernelBtf();
  const members = requireType(
    ops.type,
    once((name) => kernel.members(name)),
  );
  // The others are not made, and programs that only they have are not loaded: this kernel may not even know their types.
  for (const one of structOps) parts.native.setAutocreate(one.index, one === ops);
  const cleared = ops.clearUnknown(new Set(members));
  if (cleared.length > 0) log.warn(`this kernel's ${ops.type} lacks ${cleared.join(", ")}: cleared`);
  // The kernel refuses to enable a scheduler that was made for another set of CPUs; 0 stands for any.
  if (ops.fields.has("hotplug_seq")) ops.fields.set("hotplug_seq", options.reattach ? 0n : schedExt.hotplugSeq());
  const wanted = parts.variables.names().filter((name) => name.startsWith("__SCX_"));
  const enumerators = once((name: string) => kernel.enumerators(name));
  const flags = ops.fields.get("flags");
  if (typeof flags === "bigint" && mayBeUnknown(flags)) {
    const revised = reviseFlags(flags, enumerators("scx_ops_flags"));
    if (revised.flags !== flags) ops.fields.set("flags", revised.flags);
    if (revised.unknown !== 0n)
      log.warn(
        `this kernel doesn't know flag 0x${revised.unknown.toString(16)} of the ops, and will refuse the scheduler`,
      );
  }
  if (wanted.length > 0 || usesWideEnum(btf)) requireWholeConstants("load", enumerators);
  fillEnums(parts, wanted, enumerators);

  const found = ExitInfo.find(btf, sections);
  if (found?.dump) makeRoomForDump(parts, found.name, found.dump.map);
  sizeArrays(parts);
  return found?.info;
}

/**
 * Arrays that the author leaves to the loader to size, and that nobody did: upstream's all have an element for each CPU. One
 * element would only make the verifier refuse what they are for.
 */
function sizeArrays({ variables, btf }: ObjectParts): void {
  const unsized = variables.unsized().filter((name) => !name.endsWith("_dump"));
  if (unsized.length === 0 || !canResize(btf)) return;
  const length = cpuIds();
  for (const name of unsized) variables.resize(name, length);
  log.info(`${unsized.join(", ")}: ${length} elements, one for each possible CPU, as nothing else was said`);
}

function makeRoomForDump({ ops, variables, btf, native }: ObjectParts, name: string, map: number): void {
  if (!canResize(btf)) {
    log.info("no debug dump: libbpf 1.4 can't resize a map of an object that calls no kfunc");
    return;
  }
  const wanted = Number(ops?.fields.get("exit_dump_len") ?? 0) || defaultDumpLength;
  if (wanted > longestDump)
    throw new ScxError("ERR_SCX_VALUE", {
      op: "load",
      message: `ops.exit_dump_len is ${wanted}, more than any dump needs.`,
      remedy: `Give bytes up to ${longestDump}, or 0 for the kernel's default of ${defaultDumpLength}.`,
    });
  if (variables.has(`${name}_dump_len`)) variables.set(`${name}_dump_len`, wanted);
  // Through the variable, so that it is known to be longer.
  if (variables.has(`${name}_dump`)) variables.resize(`${name}_dump`, wanted);
  else native.setValueSize(map, wanted);
}

/** A search through the kernel's BTF takes a while; each is made once. */
function once<T>(look: (name: string) => T): (name: string) => T {
  const found = new Map<string, T>();
  return (name) => {
    if (!found.has(name)) found.set(name, look(name));
    return found.get(name) as T;
  };
}

/** The kernel's members of a scheduler's struct_ops type. */
function requireType(type: string, members: (struct: string) => readonly string[] | undefined): readonly string[] {
  if (!members("sched_ext_ops")?.includes("dump"))
    throw new ScxError("ERR_SCX_NO_SCHED_EXT", {
      op: "load",
      message: "This kernel's sched_ext is too old: its sched_ext_ops has no dump().",
      remedy: "Boot a kernel from 6.12 on with CONFIG_SCHED_CLASS_EXT=y.",
    });
  const own = members(type);
  if (!own)
    throw new ScxError("ERR_SCX_KERNEL_LACKS", {
      op: "load",
      message: `This kernel (${release()}) has no struct ${type}, of which the scheduler is.`,
      remedy: "Boot a kernel from 7.2 on, or choose one of type sched_ext_ops, if the object has it, with --ops-map.",
    });
  return own;
}

/** Whether the object may have values of 64-bit enums filled in at load (CO-RE). */
const usesWideEnum = (btf: Btf): boolean =>
  [...btf.ofKind("enum"), ...btf.ofKind("enum64")].some(({ name }) => isWideEnum(name));

function fillEnums({ variables }: ObjectParts, wanted: readonly string[], enumerators: Enumerators): void {
  if (wanted.length === 0) return;
  const values = new Map<string, bigint>();
  for (const name of kernelEnums)
    for (const [label, value] of Object.entries(enumerators(name) ?? {})) values.set(label, value);
  for (const name of wanted) variables.set(name, values.get(name.slice(2)) ?? 0n);
}
