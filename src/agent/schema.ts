// SPDX-License-Identifier: MIT
import { programUses } from "../bpf/object.js";
import { rulesSchema } from "../export/rules.js";
import { longestWait } from "../interval.js";
import { restartPolicies } from "../scheduler/restart.js";
import type { OptionsSchema } from "../sinks/sink.js";
import { groupNames } from "../source/group.js";
import { labelNames } from "../source/labels.js";

/** The lists of components in a config. */
export const componentLists = ["sinks", "sources", "detectors", "actuators"] as const;
export type ComponentList = (typeof componentLists)[number];

/** The kinds that scxkit brings, by list: each one's options. */
export type KnownKinds = Readonly<Record<ComponentList, Readonly<Record<string, OptionsSchema>>>>;

const text = (description: string) => ({ type: "string", minLength: 1, description });
const ms = (description: string, value?: number) => ({
  type: "number",
  exclusiveMinimum: 0,
  maximum: longestWait,
  description,
  ...(value !== undefined && { default: value }),
});
const list = (items: object, description: string) => ({ type: "array", items, description });
const group = (properties: object, description: string, rest: object = {}) => ({
  type: "object",
  additionalProperties: false,
  description,
  properties,
  ...rest,
});

const objectOptions = {
  object: text("an object file, relative to this file, or the name of a scheduler that scxkit brings"),
  opsMap: text("which scheduler, of an object that holds several"),
  set: { type: "object", description: "global variables, or parts of them, by name: what --set takes" },
  ops: { type: "object", description: "fields of its sched_ext_ops: timeout_ms, flags…" },
  resize: {
    type: "object",
    additionalProperties: { type: "integer", minimum: 1 },
    description: "lengths of arrays and maps",
  },
  program: {
    type: "object",
    additionalProperties: { enum: programUses },
    description: "programs beside the scheduler",
  },
  kconfig: text("values of the kernel's configuration, where the object asks for any: CONFIG_HZ=250, a line each"),
  statsMap: {
    type: "object",
    description: "where its statistics are and what they mean; what the file of --stats-map says",
  },
};

const scheduler = {
  type: ["string", "object"],
  minLength: 1,
  additionalProperties: false,
  properties: {
    ...objectOptions,
    running: {
      type: ["boolean", "string"],
      description:
        "watch the scheduler that runs, whoever loads it: the one of the whole machine (true), or the one of that name",
    },
    socket: text("watch a scheduler through its scx_stats socket"),
    target: text("what to ask that socket for; top unless given"),
    rules: group(
      rulesSchema.properties,
      "what that socket's metadata don't say: kinds, units, names, labels; what the file of --rules says",
    ),
  },
  description:
    "what is watched: an object to run (its file or name), or one of object, running and socket; none if it is left out",
};

const fallback = {
  type: ["string", "object"],
  minLength: 1,
  additionalProperties: false,
  properties: objectOptions,
  required: ["object"],
};

/** One component: its kind or module as the key, its options as the value, and what else may be said of it. */
function component(kinds: Readonly<Record<string, OptionsSchema>>, what: string, siblings: object): object {
  const options = Object.entries(kinds).map(([kind, schema]) => [kind, { ...schema, type: ["object", "null"] }]);
  return {
    type: "object",
    description: `one ${what}: its kind, or a module of yours (./my-${what}.mjs#Name), with its options`,
    additionalProperties: false,
    minProperties: 1,
    properties: { ...siblings, ...Object.fromEntries(options) },
    patternProperties: {
      "[#/]|\\.[cm]?js$": { type: ["object", "null"], description: "a module of yours, and its options" },
    },
  };
}

/** What may stand beside the kind, by list. @param sink what one is */
function siblings(sink: object): Record<ComponentList, object> {
  const name = text("what it is called in messages and metrics");
  return {
    sinks: { name },
    sources: { name },
    detectors: { name, sinks: list(sink, "where its anomalies go; all sinks unless given") },
    actuators: {
      name,
      on: list(text("a detector's name"), "the detectors that it answers; all unless given"),
      when: { enum: ["begins", "ends"], default: "begins", description: "at which end of an anomaly" },
      enabled: {
        type: "boolean",
        default: false,
        description: "whether it acts; it only says what it would do, unless true",
      },
      times: { type: "integer", minimum: 1, default: 1, description: "how often it may act" },
      perMs: ms("the time in which it may act so often", 60_000),
    },
  };
}

/** Keys beside the kind. */
export const siblingKeys = (of: ComponentList): string[] => Object.keys(siblings({})[of]);

/**
 * What a config may be, as JSON Schema (2020-12): the one source of validation, defaults and what editors know.
 * @param kinds the components that there are
 */
export function configSchema(kinds: KnownKinds): OptionsSchema {
  const sink = component(kinds.sinks, "sink", siblings({}).sinks);
  const beside = siblings(sink);
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "scxkit agent",
    ...group(
      {
        scheduler,
        fallbacks: list(fallback, "what runs when the scheduler is given up, in this order"),
        restart: group(
          {
            policy: {
              enum: restartPolicies,
              default: "no",
              description: "whether it is started again when it has failed",
            },
            delayMs: ms("before the first restart; doubles with each further one"),
            maxDelayMs: ms("that the delay doubles up to"),
            limit: { type: "integer", minimum: 0, description: "restarts within the window before it is given up" },
            windowMs: ms("the window"),
          },
          "what is done when the scheduler leaves",
        ),
        serve: text("serve statistics there, over the scx_stats protocol"),
        intervalMs: ms("between samples", 1000),
        groups: list({ enum: groupNames }, "what is collected; all groups unless given"),
        labels: { type: "object", additionalProperties: { type: "string" }, description: "labels of all samples" },
        standardLabels: list({ enum: labelNames }, "labels of the machine that all samples have; all unless given"),
        sinks: list(sink, "where samples go"),
        sources: list(component(kinds.sources, "source", beside.sources), "further groups of values"),
        detectors: list(
          component(kinds.detectors, "detector", beside.detectors),
          "what looks for anomalies in samples",
        ),
        actuators: list(component(kinds.actuators, "actuator", beside.actuators), "what answers anomalies"),
        shutdownMs: ms("in which sinks may write what waits, at the end", 5000),
      },
      "what scxkit agent does",
    ),
  };
}
