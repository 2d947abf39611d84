// SPDX-License-Identifier: MIT
import { constants } from "node:os";
import { withoutFlavour } from "../bpf/describe.js";
import { kernelsWithKfunc } from "../kernel/kfunc.js";
import { ENOTSUPP } from "../native/errno.js";
import type { MapShape } from "../native/index.js";
import type { Explanation } from "./verifier.js";

const { E2BIG, EINVAL, ENOMEM, ENOSPC } = constants.errno;

/** What the explanations ask about the running kernel and the object; only when they need it. */
export interface TrapContext {
  /** `uname -r`. */
  readonly release: string;
  /** Whether it has sched_ext. */
  readonly schedExt: boolean;
  /** How the kernel declares a function; undefined where it has none, or gives no BTF. */
  declaration(name: string): string | undefined;
  /** Whether the kernel's BTF describes that function as no scheduler can call it. */
  isBroken(name: string): boolean;
  /** CONFIG_PAHOLE_VERSION of the kernel's build (125 is 1.25), where it can be read. */
  pahole(): number | undefined;
  readonly maps: readonly (Pick<MapShape, "name" | "type" | "valueSize" | "maxEntries"> & { typeName?: string })[];
}

/** A failed load as the addon gives it. */
export interface LoadFailure {
  readonly errno: number;
  readonly log: readonly string[];
}

type Explain = (match: RegExpExecArray, context: TrapContext, failure: LoadFailure) => Explanation | undefined;

const lacks = (message: string, remedy: string): Explanation => ({ code: "ERR_SCX_KERNEL_LACKS", message, remedy });

/** What a failed load means, when it is one of the known traps. */
export function findTrap(failure: LoadFailure, context: TrapContext): Explanation | undefined {
  // The verdict stands at the end of logs that may have a million lines.
  const lines = failure.log.length > 400 ? [...failure.log.slice(0, 200), ...failure.log.slice(-200)] : failure.log;
  for (const [pattern, explain] of traps)
    for (const line of lines) {
      const match = pattern.exec(line);
      const found = match && explain(match, context, failure);
      if (found) return found;
    }
  return byErrno(failure, context);
}

function missingKfunc([, extern = ""]: RegExpExecArray, { release, schedExt, pahole }: TrapContext): Explanation {
  const name = withoutFlavour(extern);
  const where = kernelsWithKfunc(name);
  const ofSchedExt = /^(__)?scx_bpf_|^bpf_iter_scx_/.test(name);
  const made = pahole();
  const remedies = [
    ofSchedExt && !schedExt
      ? "It would be a part of sched_ext, which this kernel hasn't: boot one with CONFIG_SCHED_CLASS_EXT=y."
      : where !== undefined
        ? `It is in ${where}: boot such a kernel, or call it only behind bpf_ksym_exists() of a weak declaration.`
        : ofSchedExt
          ? "Neither 6.16 nor 6.18 nor 7.2 has it: check its name, or declare it weak and ask bpf_ksym_exists() first."
          : "Load the module that has it, if one does; or declare it weak and ask bpf_ksym_exists() before the call.",
    made !== undefined && made > 0 && made < 126
      ? `This kernel's BTF was made by pahole ${(made / 100).toFixed(2)}, which may leave out functions: 1.26 doesn't.`
      : "",
  ];
  return lacks(
    `This kernel (${release}) has no function ${name}(), which the object calls.`,
    remedies.join(" ").trim(),
  );
}

function unguardedKfunc([, extern = ""]: RegExpExecArray, context: TrapContext): Explanation {
  const name = withoutFlavour(extern);
  if (context.isBroken(name)) return brokenKfunc(name, context);
  const where = kernelsWithKfunc(name);
  return lacks(
    `This kernel (${context.release}) has no function ${name}() as the object declares it, and the object calls it unasked.`,
    `${where ? `It is in ${where}. ` : ""}Call it only where bpf_ksym_exists(${extern}) says yes.`,
  );
}

const brokenKfunc = (name: string, { release }: TrapContext): Explanation => ({
  code: "ERR_SCX_KERNEL_FAULT",
  message: `This kernel (${release}) describes ${name}() with an argument that no scheduler passes: nothing that calls it loads.`,
  remedy:
    "The kernel's build left its implicit argument in BTF (Debian's 7.2.12 did): use another build; scxkit doctor lists them.",
});

function differentKfunc([, extern = ""]: RegExpExecArray, context: TrapContext): Explanation {
  const name = withoutFlavour(extern);
  if (context.isBroken(name)) return brokenKfunc(name, context);
  const declaration = context.declaration(name);
  return lacks(
    `This kernel (${context.release}) has another ${name}() than the object declares.`,
    declaration ? `It is ${declaration} here: declare it so.` : "Build the object with headers for this kernel.",
  );
}

const noConfig = (_: unknown, { release }: TrapContext): Explanation =>
  lacks(
    "The object asks for the kernel's configuration, and there is no file of it to be read.",
    `Give it with --kconfig FILE (in a program kconfig), put it at /boot/config-${release}, or boot a kernel with CONFIG_IKCONFIG_PROC=y.`,
  );

const missingConfig = ([, name = ""]: RegExpExecArray, { release }: TrapContext): Explanation =>
  lacks(
    `This kernel (${release}) is built without ${name}, whose value the object asks for.`,
    "Boot a kernel that has it set, or declare the extern __weak: it is 0 then where it isn't set.",
  );

const differentConfig = ([, name = "", why = ""]: RegExpExecArray): Explanation =>
  lacks(`The kernel's ${name} doesn't fit the object's declaration of it: ${why}.`, "Declare it with a fitting type.");

const missingVariable = ([, name = ""]: RegExpExecArray, { release }: TrapContext): Explanation =>
  lacks(
    `This kernel (${release}) has no variable ${name}, which the object uses.`,
    "Boot a kernel that has it, or declare it __weak and ask bpf_ksym_exists() before it is used.",
  );

/** The names of `enum bpf_core_relo_kind` as libbpf prints them, by what is asked for to be told in time. */
const askFirst = (kind: string): string =>
  kind.startsWith("enumval")
    ? "bpf_core_enum_value_exists()"
    : kind.startsWith("type")
      ? "bpf_core_type_exists()"
      : "bpf_core_field_exists()";

function missingField([, kind = "", what = ""]: readonly string[], { release }: TrapContext): Explanation {
  const name = what.replace(/___\w+/, "").replace(/ = \d+$/, "");
  return lacks(
    `This kernel (${release}) has no ${name || "such type or member as a program uses"}.`,
    `Boot a kernel that has it, or ask ${askFirst(kind)} before it is used.`,
  );
}

const missingStruct: Explain = ([, name = ""], { release }) =>
  name === "struct sched_ext_ops"
    ? undefined
    : lacks(
        `This kernel (${release}) has no ${name}, which the object's struct_ops map is made for.`,
        name === "struct sched_ext_ops_cid"
          ? "It is in 7.2, not in 6.18: boot such a kernel, or choose another of the object's schedulers with --ops-map."
          : "Boot a kernel that has it.",
      );

const missingMember: Explain = ([, map = "", member = ""], { release }) =>
  lacks(
    `This kernel (${release}) has no member ${member} in the type of ${map}, and the object sets it.`,
    "Boot a newer kernel, or leave that member out.",
  );

const differentMember: Explain = ([, map = "", why = ""], { release }) =>
  lacks(
    `${map} doesn't fit this kernel (${release}): ${why}.`,
    "Build the object with headers whose struct is the kernel's: bpftool btf dump file /sys/kernel/btf/vmlinux format c.",
  );

const missingTarget: Explain = ([, name = ""], { release }) =>
  lacks(
    `This kernel (${release}) has nothing called ${name} that a program could be attached to.`,
    "Boot a kernel that has it, or leave that program out.",
  );

function refusedMap(
  [, name = "", number, constant = ""]: RegExpExecArray,
  { maps, release }: TrapContext,
): Explanation | undefined {
  const errno = number ? Number(number) : { E2BIG, EINVAL, ENOMEM, ENOTSUPP }[constant];
  const map = maps.find((one) => one.name === name);
  const type = map?.typeName ?? `type ${map?.type}`;
  if (map?.maxEntries === 0 && errno === EINVAL)
    return {
      code: "ERR_SCX_LOAD",
      message: `Map ${name} (${type}) has no size: its max_entries is 0, which the scheduler's own loader would set.`,
      remedy: `Look there how many entries it needs, and say it: --resize ${name}=N (in a program object.resize()).`,
    };
  switch (errno) {
    case ENOMEM:
    case E2BIG:
      return {
        code: "ERR_SCX_LOAD",
        message: `The kernel has no memory for map ${name}${map ? ` (${type}, ${map.maxEntries} values of ${map.valueSize} bytes)` : ""}.`,
        remedy: "Lower its max_entries or the size of its values; a per-CPU map has a value for each possible CPU.",
      };
    case EINVAL:
    case ENOTSUPP:
      return lacks(
        `This kernel (${release}) refuses map ${name}${map ? ` (${type})` : ""}: it may not know its type or flags.`,
        type === "arena"
          ? "Arenas are in 6.9 and newer, on 64-bit machines with the JIT on: boot such a kernel."
          : "Check max_entries, key, value and map_flags; if they are right, boot a kernel that knows this kind of map.",
      );
    default:
      return undefined;
  }
}

/** From libbpf 1.5 on. What the addon knows of, it doesn't ask to be mapped (native/section.cc): a newer kernel knows more. */
const unmappable: Explain = ([, section = ""], { release }) =>
  lacks(
    `This kernel (${release}) doesn't map section ${section}, as it holds something of the kernel's own, and libbpf can't do without.`,
    "Make all variables of that section static or __hidden: then it isn't asked to be mapped.",
  );

function refusedBtf(_: RegExpExecArray, { release }: TrapContext, { log }: LoadFailure): Explanation {
  const end = log.findIndex((line) => line.includes("-- END BTF LOAD LOG --"));
  const why = log[end - 1]?.replace(/^\[\d+\] /, "");
  return lacks(
    `This kernel (${release}) refuses the object's BTF${why ? `: ${why}` : ""}.`,
    "Build the object with a clang no newer than the kernel, and look at what the message names; or boot a newer kernel.",
  );
}

const otherPin: Explain = ([, path = ""]) => ({
  code: "ERR_SCX_LOAD",
  message: `The map that is pinned at ${path} has another shape than the object's map of that name.`,
  remedy: `Remove it (rm ${path}) when nobody needs what is in it, or pin elsewhere: pinRoot when opening.`,
});

const noBpfFs: Explain = ([, path = ""]) => ({
  code: "ERR_SCX_LOAD",
  message: `The object's maps are to be pinned at ${path}, which is in no bpf file system.`,
  remedy: "Mount one (mount -t bpf bpf /sys/fs/bpf), or name another with pinRoot when opening.",
});

const lostPin: Explain = ([, path = "", why = ""]) => ({
  code: "ERR_SCX_LOAD",
  message: `The map that is pinned at ${path} can't be had: ${why}.`,
  remedy: "Check its rights and those of its folder (ls -l), or pin elsewhere: pinRoot when opening.",
});

function byErrno({ errno, log }: LoadFailure, { release }: TrapContext): Explanation | undefined {
  const [, program] = log.map((line) => /prog '([^']+)': BPF program load failed/.exec(line)).find(Boolean) ?? [];
  const wordless = program !== undefined && !log.some((line) => line.includes("-- BEGIN PROG LOAD LOG --"));
  if (errno === ENOSPC && program !== undefined)
    return {
      code: "ERR_SCX_VERIFIER",
      message: `The verifier refused program ${program}, and its log has no room in any buffer (ENOSPC).`,
      remedy: "That is no lack of disk space: make the program simpler until its log fits, and it says what is wrong.",
    };
  if (wordless && (errno === EINVAL || errno === ENOTSUPP))
    return lacks(
      `This kernel (${release}) refuses program ${program} without a word: most often it doesn't know that type of program.`,
      "Check the program's SEC(), and that the kernel is built with what it attaches to; or leave that program out.",
    );
  if (errno === ENOTSUPP)
    return lacks(
      `This kernel (${release}) or libbpf doesn't support something that the object needs (524, ENOTSUPP).`,
      "Upgrade libbpf (struct_ops links need 1.2, scxkit 1.4) or boot a newer kernel.",
    );
  return undefined;
}

/**
 * The commonest ways in which a kernel and an object don't fit, by the line of libbpf's messages (1.4 to 1.7; from 1.6 on
 * an errno is its name) or of the verifier's log (6.12 to 7.2) that gives them away. The first that matches counts.
 */
const traps: readonly (readonly [line: RegExp, explain: Explain])[] = [
  [/extern \(func ksym\) '([^']+)': not found in kernel or module BTFs/, missingKfunc],
  [/kfunc '([^']+)' is referenced but wasn't resolved/, unguardedKfunc],
  [/extern \(func ksym\) '([^']+)': func_proto \[\d+\] incompatible with/, differentKfunc],
  [/failed to open system Kconfig/, noConfig],
  [/extern '((?:CONFIG|LINUX)_[^']+)' \(strong\): not resolved/, missingConfig],
  [/extern \(kcfg\) '([^']+)': (.+)/, differentConfig],
  [/extern (?:\(var ksym\) )?'([^']+)'(?: \(strong\))?: not (?:found|resolved)/, missingVariable],
  [/failed to resolve CO-RE relocation <(\w+)> \[\d+\] (.+?)(?: \(|$)/, missingField],
  [/(?:unknown func|func unknown)\D*195896080/, (_, context) => missingField([], context)],
  [/struct_ops init_kern: (struct \S+) is not found in kernel BTF/, missingStruct],
  [/struct_ops init_kern (\S+): Cannot find member (\S+) in kernel BTF/, missingMember],
  [/struct_ops init_kern (\S+): (.+)/, differentMember],
  [/failed to find kernel BTF type ID of '([^']+)': -(?:3|ESRCH)$/, missingTarget],
  [/couldn't reuse pinned map at '([^']+)': parameter mismatch/, otherPin],
  [/specified path (.+) is not on BPF FS/, noBpfFs],
  [/couldn't retrieve pinned map '([^']+)': (.+)/, lostPin],
  [/map '([^']+)': failed to re-mmap\(\) contents: -(?:524|ENOTSUPP)$/, unmappable],
  [/map '([^']+)': failed to create: (?:.*\(-(\d+)\)|-(\w+))$/, refusedMap],
  [/Error loading \.BTF into kernel: -\w+\. BTF is mandatory/, refusedBtf],
];
