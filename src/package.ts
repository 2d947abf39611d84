// SPDX-License-Identifier: MIT
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

const root = dirname(createRequire(import.meta.url).resolve("scxkit/package.json"));

/** The absolute path of a file of this package, wherever the module that asks for it was bundled into. */
export const packageFile = (path: string): string => join(root, path);

/** scxkit's version. */
export const packageVersion: string = (
  JSON.parse(readFileSync(packageFile("package.json"), "utf8")) as { version: string }
).version;
