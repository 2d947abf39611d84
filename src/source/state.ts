// SPDX-License-Identifier: MIT
import { schedExt } from "../kernel/sched_ext.js";
import { defineStats } from "../stats/define.js";
import * as stat from "../stats/stat.js";
import { type PlainValues, present, type ValueSource } from "./values.js";

const schema = defineStats(
  "scx_state",
  {
    state: stat.string("what sched_ext does: enabling, enabled, disabling or disabled"),
    ops: stat.string("the scheduler that runs, by its ops.name"),
    switch_all: stat.u64("whether it schedules all tasks (1), or only those of SCHED_EXT (0)"),
    nr_rejected: stat.counter("tasks that a scheduler refused, and the kernel's own took"),
    hotplug_seq: stat.counter("CPUs that came or went"),
    enable_seq: stat.counter("schedulers that were enabled since the kernel booted"),
  },
  { desc: "sched_ext itself, from /sys/kernel/sched_ext", user: { _om_prefix: "sched_ext_" } },
);

/** Group `state`: the files of /sys/kernel/sched_ext. Nothing on a kernel without it. World-readable. */
export class StateSource implements ValueSource {
  readonly name = "state";
  readonly schema = schema;

  read(): PlainValues | undefined {
    if (!schedExt.exists()) return undefined;
    return present({
      state: schedExt.state(),
      ops: schedExt.running(),
      switch_all: schedExt.number("switch_all"),
      nr_rejected: schedExt.number("nr_rejected"),
      hotplug_seq: schedExt.number("hotplug_seq"),
      enable_seq: schedExt.number("enable_seq"),
    });
  }
}
