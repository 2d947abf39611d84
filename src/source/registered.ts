// SPDX-License-Identifier: MIT
import { schedExt } from "../kernel/sched_ext.js";
import { native } from "../native/index.js";
import { type Ops, readOps } from "./ops.js";
import { unlessGone } from "./unless_gone.js";

/** A scheduler by its struct_ops map. */
export interface Registered {
  /** The map's id. */
  readonly id: number;
  readonly ops: Ops;
}

/**
 * The struct_ops maps of the schedulers that run. A link or a map says that a scheduler was registered, and stays when it has left:
 * until its loader sees that, or for as long as somebody has pinned it. Which run, sched_ext itself says, by name; of several of a name
 * it is the one that was registered last, as the kernel takes no other while one runs. When those without a link were isn't known: a
 * link of that name that was left is taken for such a one's. Throws what the addon throws.
 */
export function registeredSchedulers(): Registered[] {
  const names = schedExt.allRunning();
  const linked = among(native.structOpsLinks());
  const found = lastOf(names, linked);
  if (found.length === names.length) return found;
  // Without a link, by an update of the map: from before there were links (Linux 6.4), and as SEC(".struct_ops") still is.
  const unlinked = among(native.structOpsMaps()).filter(({ ops }) => ops.isInUse);
  return lastOf(names, [...unlinked, ...linked]);
}

const among = (ids: readonly number[]): Registered[] =>
  ids.flatMap((id) => {
    const ops = unlessGone(() => readOps(id));
    return ops ? [{ id, ops }] : [];
  });

/** For each name the last that is called so, in the order in which they are. */
export function lastOf(names: readonly string[], registered: readonly Registered[]): Registered[] {
  const left = [...names];
  return registered
    .toReversed()
    .filter(({ ops }) => {
      const at = left.indexOf(ops.name);
      if (at >= 0) left.splice(at, 1);
      return at >= 0;
    })
    .reverse();
}
