// SPDX-License-Identifier: MIT
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

const root = dirname(createRequire(import.meta.url).resolve("scxkit/package.json"));

/** The absolute path of a file of this package, wherever the module that asks for it was bundled into. */
export const packageFile = (path: string): string => join(root, path);
