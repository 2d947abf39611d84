// SPDX-License-Identifier: MIT
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { ScxError } from "../error.js";
import { packageFile } from "../package.js";

const folder = packageFile("dist/schedulers");
const ending = ".bpf.o";

/** Names of the schedulers that scxkit brings along. */
export const bundled = (): string[] =>
  existsSync(folder)
    ? readdirSync(folder)
        .filter((file) => file.endsWith(ending))
        .map((file) => file.slice(0, -ending.length))
    : [];

/** The object file of a bundled scheduler's name, or the path itself: what has a slash or ends with .o is a path. */
export function resolveObject(nameOrPath: string): string {
  if (nameOrPath.includes("/") || nameOrPath.endsWith(".o")) return nameOrPath;
  if (bundled().includes(nameOrPath)) return join(folder, `${nameOrPath}${ending}`);
  throw new ScxError("ERR_SCX_FILE_NOT_FOUND", {
    op: "open",
    message: `There is no scheduler "${nameOrPath}" among those that scxkit brings.`,
    remedy: `Name one of ${bundled().join(", ") || "none (run make build)"}, or give an object file's path.`,
  });
}
