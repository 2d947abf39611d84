// SPDX-License-Identifier: MIT
import { stringify } from "lossless-json";
import { inspectObject } from "../inspect/object.js";
import { describeLines } from "../inspect/print.js";
import { showLog } from "./log.js";
import { resolveObject } from "./schedulers.js";

/** `scxkit inspect`: prints what an object holds. */
export async function inspect(
  nameOrPath: string,
  options: { json?: boolean; verbose?: boolean; log?: string[] },
): Promise<void> {
  showLog(options.verbose ?? false, options.log ?? []);
  const object = await inspectObject(resolveObject(nameOrPath));
  const text = options.json ? stringify(object) : describeLines(object).join("\n");
  process.stdout.write(`${text}\n`);
}
