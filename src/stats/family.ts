// SPDX-License-Identifier: MIT
import type { Stat } from "./schema.js";
import { baseUnitOf } from "./unit.js";

/** What OpenMetrics lets a label be called; and each sample's scheduler is a label already. */
export const isLabelName = (text: string): boolean => /^(?!__)[A-Za-z_]\w*$/.test(text) && text !== "scheduler";

/** {@link isLabelName}, for people. */
export const labelRule =
  'a label\'s name is letters, digits and underscores, and not "scheduler", which every metric has';

/** A statistic that can't be one family with an earlier one: of the same labels, of another kind, or in what is no multiple of its unit. */
export interface Clash {
  readonly stat: Stat;
  /** Which one of them it is. */
  readonly at: number;
  readonly before: Stat;
  /** What the two are, for people: `both dispatched{type="greedy"}`. */
  readonly what: string;
}

/** {@link Clash}, for people: what to do. */
export const familyRule = "In one family, give each statistic labels of its own, and all the same kind and unit.";

/** The first clash among statistics, if there is one. */
export function firstClash(stats: readonly Stat[]): Clash | undefined {
  const families = new Map<string, Stat>();
  const series = new Map<string, Stat>();
  for (const [at, stat] of stats.entries()) {
    if (!stat.family) continue;
    const { name, labels } = stat.family;
    const own = `${name} ${seriesOf(labels)}`;
    const head = families.get(name) ?? stat;
    if (head.kind !== stat.kind) return { stat, at, before: head, what: `both of ${name}, and of two kinds` };
    // What is counted in ms and in us is in seconds elsewhere; seconds and bytes aren't one.
    if (baseUnitOf(head.unit)?.name !== baseUnitOf(stat.unit)?.name)
      return { stat, at, before: head, what: `both of ${name}, and in two units` };
    const before = series.get(own);
    if (before) return { stat, at, before, what: `both ${name}${labelsText(labels)}` };
    families.set(name, head);
    series.set(own, stat);
  }
  return undefined;
}

const labelsText = (labels: Readonly<Record<string, string>>): string =>
  `{${Object.entries(labels)
    .map(([label, value]) => `${label}=${JSON.stringify(value)}`)
    .join(", ")}}`;

/** The same text for the same labels. */
export const seriesOf = (labels: Readonly<Record<string, string>>): string =>
  JSON.stringify(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)));
