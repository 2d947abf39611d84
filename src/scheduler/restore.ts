// SPDX-License-Identifier: MIT
import { readFileSync } from "node:fs";
import type { ObjectParts } from "../bpf/object.js";
import { ScxError } from "../error.js";
import type { NativeMap, ObjectMap } from "../native/index.js";

/** Map types that can be emptied from user space (native/clear.cc). */
const emptied = new Set([
  "hash",
  "lru_hash",
  "percpu_hash",
  "lru_percpu_hash",
  "lpm_trie",
  "array",
  "percpu_array",
  "queue",
  "stack",
  "task_storage",
]);

/** What a scheduler never reads back. */
const unread = new Set(["struct_ops", "ringbuf"]);

/** What may stay as it is; a pinned map would be found as it is by a load afresh, too. */
const isKept = ({ typeName = "", pinPath }: ObjectMap): boolean => unread.has(typeName) || pinPath !== undefined;

/** BPF_F_RDONLY of include/uapi/linux/bpf.h: user space may only read it. */
const isReadOnly = (map: ObjectMap): boolean => (map.flags & (1 << 3)) !== 0;

/** Global data: C has no maps with a dot in their names. */
const isSection = (map: ObjectMap): boolean => map.name.includes(".");

/** Sections that no program can change. */
const isConstant = (map: ObjectMap): boolean => /\.(rodata|kconfig)/.test(map.name);

/**
 * Throws ERR_SCX_REATTACH when a loaded object couldn't be brought back to what it was before it was attached: asked before
 * load, so that nobody learns it at a restart.
 */
export function requireRestorable(name: string, { maps }: ObjectParts): void {
  const obstacles = [
    ...maps
      .filter((map) => !isConstant(map) && !emptied.has(map.typeName ?? "") && !isKept(map))
      .map((map) => `map ${map.name} (${map.typeName ?? `type ${map.type}`}) can't be emptied`),
    ...maps.filter(isReadOnly).map((map) => `map ${map.name} is closed to user space (BPF_F_RDONLY)`),
    ...(maps.some((map) => map.typeName === "task_storage" && !isKept(map)) && hidesTasks()
      ? ["/proc hides tasks from other users (hidepid), whose storage then can't be freed"]
      : []),
  ];
  if (obstacles.length === 0) return;
  throw new ScxError("ERR_SCX_REATTACH", {
    op: "load",
    message: `${name} can't be attached again without being loaded again: ${obstacles.join("; ")}.`,
    remedy: "Run it without --user (keepLoaded), so that each restart loads it afresh.",
  });
}

function hidesTasks(): boolean {
  const mounts = readFileSync("/proc/self/mountinfo", "utf8").split("\n");
  return mounts.some((line) => / \/proc .* - proc /.test(line) && /hidepid=(?!0|off)/.test(line));
}

/** A loaded object's changeable state: kept when it is first attached, put back before it is attached again. */
export class SavedState {
  readonly #sections: { map: NativeMap; bytes: Uint8Array }[] = [];
  readonly #cleared: NativeMap[] = [];

  /** @param open gives a map by its index; it stays the caller's to close */
  constructor({ maps }: ObjectParts, open: (index: number) => NativeMap) {
    maps.forEach((shape, index) => {
      if (isConstant(shape) || isKept(shape)) return;
      const map = open(index);
      if (isSection(shape)) this.#sections.push({ map, bytes: map.readValue() });
      else this.#cleared.push(map);
    });
  }

  /** @throws ScxError ERR_SCX_REATTACH */
  async restore(): Promise<void> {
    try {
      for (const map of this.#cleared) await map.clear();
      for (const { map, bytes } of this.#sections) map.writeValue(bytes);
    } catch (cause) {
      throw new ScxError("ERR_SCX_REATTACH", {
        op: "attach",
        message: `The object's maps can't be brought back to what they were: ${(cause as Error).message}.`,
        remedy: "Open and load the file again.",
        errno: (cause as { errno?: number }).errno,
        cause,
      });
    }
  }
}
