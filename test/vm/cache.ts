// SPDX-License-Identifier: MIT
// Where downloads and other things worth keeping between checkouts live.

import { homedir } from "node:os";
import { join } from "node:path";

/** `$XDG_CACHE_HOME/scxkit`, by default `~/.cache/scxkit`. native/apt.sh has the same rule. */
export const cacheFolder = join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "scxkit");
