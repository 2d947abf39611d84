// SPDX-License-Identifier: MIT
// A source of your own: the load averages. In the config: ./load_source.mjs#LoadSource: {}
import { loadavg } from "node:os";
import { defineStats, stat } from "scxkit";

export class LoadSource {
  /** The group that sinks and detectors know it by. */
  name = "load";
  schema = defineStats(
    "load",
    {
      last_1m: stat.float("tasks that ran or wanted to, on average over a minute"),
      last_5m: stat.float("the same over 5 minutes"),
    },
    { user: { _om_prefix: "load_" } },
  );

  /** Called each interval; what isn't there may be left out. */
  read() {
    const [last_1m, last_5m] = loadavg();
    return { last_1m, last_5m };
  }
}
