// SPDX-License-Identifier: MIT
import { printable } from "../inspect/printable.js";
import { helpLines } from "../stats/help.js";
import { assembleMeta, metaOf } from "../stats/meta.js";
import type { StatsSchema } from "../stats/schema.js";

/** What `--help-stats` prints, in upstream's format. @throws ScxError ERR_SCX_STATS_META */
export const helpStats = (schema: StatsSchema): string[] => helpLines(assembleMeta(metaOf(schema))).map(printable);
