// SPDX-License-Identifier: MIT
import type { Labels } from "./metric.js";
import { entry } from "./place.js";

/** Made once for each object: what is compared is compared often. */
const texts = new WeakMap<Labels, string>();

const textOf = (labels: Labels): string => entry(texts, labels, () => JSON.stringify(Object.entries(labels)));

/** Whether labels say the same in the same order, whichever objects they are. */
export const sameLabels = (one: Labels, other: Labels): boolean => one === other || textOf(one) === textOf(other);
