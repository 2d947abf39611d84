// SPDX-License-Identifier: MIT
import type { Stat } from "./schema.js";

/** What OpenMetrics lets a label be called; and each sample's scheduler is a label already. */
export const isLabelName = (text: string): boolean => /^(?!__)[A-Za-z_]\w*$/.test(text) && text !== "scheduler";

/** {@link isLabelName}, for people. */
export const labelRule =
  'a label\'s name is letters, digits and underscores, and not "scheduler", which every metric has';

/** `dispatched{type="greedy"}` */
export function familyText({ name, family }: Stat): string {
  if (!family) return name;
  const labels = Object.entries(family.labels).map(([label, value]) => `${label}=${JSON.stringify(value)}`);
  return `${family.name}{${labels.join(", ")}}`;
}

/** Whether a family's metrics would hide one of the two: with the same labels, or of two kinds. */
export const clash = (a: Stat, b: Stat): boolean =>
  a.family !== undefined &&
  a.family.name === b.family?.name &&
  (a.kind !== b.kind || seriesOf(a.family.labels) === seriesOf(b.family.labels));

/** The same text for the same labels. */
export const seriesOf = (labels: Readonly<Record<string, string>>): string =>
  JSON.stringify(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)));
