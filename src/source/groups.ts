// SPDX-License-Identifier: MIT
import { native } from "../native/index.js";
import { CpuSource } from "./cpu.js";
import { EventsSource } from "./events.js";
import type { GroupName } from "./group.js";
import { PressureSource } from "./pressure.js";
import { type SelfFacts, SelfSource } from "./self.js";
import { StateSource } from "./state.js";
import type { ValueSource } from "./values.js";

/** What reads a group but `stats`, which is the scheduler's to give. */
export function groupSource(name: Exclude<GroupName, "stats">, self: SelfFacts = {}): ValueSource {
  switch (name) {
    case "state":
      return new StateSource();
    case "events":
      return new EventsSource();
    case "cpu":
      return new CpuSource();
    case "pressure":
      return new PressureSource();
    case "self":
      return new SelfSource({ libbpf: native.libbpfVersion, ...self });
  }
}
