// SPDX-License-Identifier: MIT
import type { Pair } from "./guest.js";
import { parts } from "./settings.js";
import type { Trial } from "./trial.js";

/** Without what differs from run to run: numbers, and the tasks that a stall names. */
const masked = (text: string): string => text.replace(/\S+\[\d+\]/g, "TASK").replace(/0x[0-9a-f]+|\d+/g, "N");

const lastWords = (trial: Trial): string =>
  trial.stderr.split("\n").find((line) => line.startsWith("scxkit: ")) ?? trial.stderr.split("\n").at(-1) ?? "";

/** In what scxkit did worse than the object's own loader; undefined when in nothing. */
export function worse({ object, scxkit, loader }: Pair): string | undefined {
  // 70 is a fault of ours.
  if (!/^(0|3|6[4-69]|7[3-7])$/.test(scxkit.end)) return `it ended with ${scxkit.end}: ${lastWords(scxkit)}`;
  if (!scxkit.exit && !/\[ERR_SCX_\w+\]/.test(scxkit.stderr)) return `it says nothing: ${scxkit.stderr}`;
  if (!loader?.attached || parts.has(object.split("/")[1] ?? "")) return undefined;
  if (!scxkit.attached) return `it does not attach: ${scxkit.exit?.message ?? lastWords(scxkit)}`;
  if (scxkit.ops !== loader.ops) return `ops are ${scxkit.ops}, not ${loader.ops}`;
  if (!loader.exit) return undefined;
  const [ours, theirs] = [scxkit, loader].map(({ exit }) => masked(`${exit?.reason} (${exit?.message})`));
  return ours === theirs ? undefined : `its exit is ${ours}, not ${theirs}`;
}

/** What the kernel calls an exit that its user asked for. */
const asked = "unregistered from user space";

/** How it fared, in a word or two. */
function fate({ attached, exit }: Trial): string {
  if (!exit) return attached ? "ran, told no exit" : "not loaded";
  return `${attached ? "ran" : "not enabled"}${exit.reason === asked ? "" : `, ${exit.reason}`}`;
}

/** The table `object × kernel: its own loader / scxkit`, and what was worse. */
export function report(pairs: readonly Pair[]): string {
  const kernels = [...new Set(pairs.map(({ kernel }) => kernel))];
  const objects = [...new Set(pairs.map(({ object }) => object))];
  const cell = (object: string, kernel: string): string => {
    const pair = pairs.find((one) => one.object === object && one.kernel === kernel);
    if (!pair) return "";
    const mark = worse(pair) === undefined ? "" : " WORSE";
    return `${pair.loader ? fate(pair.loader) : "(none)"} / ${fate(pair.scxkit)}${mark}`;
  };
  const rows = [
    ["own loader / scxkit", ...kernels],
    ...objects.map((one) => [one, ...kernels.map((k) => cell(one, k))]),
  ];
  const widths = [0, ...kernels].map((_, i) => Math.max(...rows.map((row) => (row[i] ?? "").length)));
  const lines = rows.map((row) =>
    row
      .map((one, i) => one.padEnd(widths[i] ?? 0))
      .join("  ")
      .trimEnd(),
  );
  for (const pair of pairs) {
    const why = worse(pair);
    if (why !== undefined) lines.push(`worse: ${pair.object} on ${pair.kernel}: ${why}`);
  }
  for (const kernel of kernels) {
    const here = pairs.filter((one) => one.kernel === kernel);
    const count = (trials: (Trial | undefined)[]): string =>
      `${trials.filter((one) => one?.attached).length} attached, ${trials.filter((one) => one?.exit).length} told their exit`;
    const own = here.filter(({ loader }) => loader);
    lines.push(
      `${kernel}: of ${own.length} objects with a loader of their own, ${count(own.map(({ loader }) => loader))}; ` +
        `with scxkit ${count(own.map(({ scxkit }) => scxkit))}`,
    );
  }
  return `${lines.join("\n")}\n`;
}
