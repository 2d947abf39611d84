// SPDX-License-Identifier: MIT

import { resolveObject } from "../bpf/bundled.js";
import { generateModule } from "../gen/module.js";
import { showLog } from "./log.js";
import { OutputFile } from "./output_file.js";
import { readStatsMap } from "./stats_map_file.js";

/** `scxkit gen`: writes TypeScript for an object. A file that stands there already is only touched once there is a new text. */
export async function generate(
  nameOrPath: string,
  options: {
    output: string;
    path?: string;
    library?: string | undefined;
    statsMap?: string;
    verbose?: boolean;
    log?: string[];
  },
): Promise<void> {
  showLog(options.verbose ?? false, options.log ?? []);
  const { output, path, library } = options;
  const text = await generateModule(resolveObject(nameOrPath), {
    path,
    library,
    statsMap: readStatsMap(options.statsMap),
  });
  if (output === "-") {
    process.stdout.write(text);
    return;
  }
  using file = OutputFile.open("-o", output);
  file.write(text);
}
