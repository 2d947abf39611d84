// SPDX-License-Identifier: MIT
import { ScxError } from "../error.js";

/**
 * What can be collected, in the parts that one selects by: sched_ext's state and events, the scheduler's own statistics, the
 * CPUs, pressure stall information, and scxkit itself.
 */
export const groupNames = ["state", "events", "stats", "cpu", "pressure", "self"] as const;
export type GroupName = (typeof groupNames)[number];

const isGroup = (name: string): name is GroupName => (groupNames as readonly string[]).includes(name);

/**
 * Groups by their names, each once, in their usual order.
 * @throws ScxError ERR_SCX_USAGE that names the unknown one
 */
export function checkedGroups(names: readonly string[]): GroupName[] {
  if (!Array.isArray(names))
    throw new ScxError("ERR_SCX_USAGE", {
      op: "collect",
      message: `Groups are a list, not ${JSON.stringify(names)}.`,
      remedy: `Give some of ${groupNames.join(", ")}: ["cpu", "state"].`,
    });
  const unknown = names.find((name) => !isGroup(name));
  if (unknown === undefined) return groupNames.filter((name) => names.includes(name));
  throw new ScxError("ERR_SCX_USAGE", {
    op: "collect",
    message: `There is no group "${unknown}".`,
    remedy: `The groups are ${groupNames.join(", ")}.`,
  });
}
