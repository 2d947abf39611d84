// SPDX-License-Identifier: MIT
import type { ProgramUse } from "../bpf/object.js";
import type { Rules } from "../export/rules.js";
import type { RestartOptions } from "../scheduler/restart.js";
import type { GroupName } from "../source/group.js";
import type { LabelName } from "../source/labels.js";

/** A scheduler to run, with what is set before it is loaded. */
export interface ObjectSettings {
  object: string;
  opsMap?: string;
  set?: Record<string, unknown>;
  ops?: Record<string, unknown>;
  resize?: Record<string, number>;
  program?: Record<string, ProgramUse>;
  kconfig?: string;
  statsMap?: Record<string, unknown>;
}

/** What is watched; exactly one of the three. */
export interface WatchedSettings extends Partial<ObjectSettings> {
  running?: boolean | string;
  socket?: string;
  target?: string;
  rules?: Rules;
}

/** One component, as the file has it: its kind or module is a key, its options the value. */
export type ComponentSettings = Record<string, unknown>;

/** A config as its schema has it, defaults filled in. */
export interface AgentSettings {
  scheduler?: string | WatchedSettings;
  fallbacks?: (string | ObjectSettings)[];
  restart?: RestartOptions;
  serve?: string;
  intervalMs: number;
  groups?: GroupName[];
  labels?: Record<string, string>;
  standardLabels?: LabelName[];
  sinks?: ComponentSettings[];
  sources?: ComponentSettings[];
  detectors?: ComponentSettings[];
  actuators?: ComponentSettings[];
  shutdownMs: number;
}
