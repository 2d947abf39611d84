// SPDX-License-Identifier: MIT
import { labelOf } from "./metric.js";

/**
 * What is wrong with a label that a user gives to all samples: sinks that know fewer characters would take two names for one
 * ({@link labelOf}), and who runs is said by the samples themselves.
 * @param names all that are given
 */
export function labelProblem(name: string, names: readonly string[]): string | undefined {
  if (name === "") return "a label has a name";
  if (labelOf(name) === "scheduler") return 'the label "scheduler" is each sample\'s own';
  const same = names.find((other) => other !== name && labelOf(other) === labelOf(name));
  return same === undefined ? undefined : `the labels "${name}" and "${same}" are both ${labelOf(name)} in metrics`;
}
