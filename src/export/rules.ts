// SPDX-License-Identifier: MIT
import { logger } from "../diagnostics.js";
import { causeOf, ScxError } from "../error.js";
import { pattern } from "../pattern.js";
import { checkedOptions } from "../sinks/options.js";
import { isLabelName, labelRule } from "../stats/family.js";
import {
  datumOf,
  type Stat,
  type StatDatum,
  type StatsSchema,
  type StatType,
  type UserAttributes,
} from "../stats/schema.js";
import { statesText } from "../stats/states.js";

const log = logger("sink");

/** What a rule says of statistics, where a server's metadata don't or say it wrong. */
export interface StatRule {
  /** `counter` for an integer that only grows. */
  kind?: "counter" | "gauge";
  /** The counter is served as what was added since the last request, and is to be summed up. */
  delta?: boolean;
  /** `seconds`, `bytes`, `us`… */
  unit?: string;
  desc?: string;
  /** Another name; several may share one when their `labels` tell them apart. */
  name?: string;
  labels?: Record<string, string>;
  /** Name of the label that a dictionary's keys or a list's indexes are. */
  label?: string;
  /** Values of a text that there may be, with which it becomes a stateset. */
  states?: string[];
  /** Leave it out, of every sink; false to have metrics of what the server wants none of (`_om_skip`). */
  skip?: boolean;
}

/** What a rule says of a struct. */
export interface StructRule {
  /** Before the names of its statistics. */
  prefix?: string;
  /** Name of the label that its key is, where it stands in a dictionary. */
  label?: string;
}

/** What `--rules FILE` holds, and `rules` of a socket in the agent's config. */
export interface Rules {
  /** By `FIELD` or `STRUCT.FIELD`, `*` stands for anything; all that fit are applied, in their order. */
  stats: Record<string, StatRule>;
  /** By the struct's name, likewise. */
  structs: Record<string, StructRule>;
}

const text = { type: "string" };
const texts = { type: "object", additionalProperties: text };
const each = (properties: object) => ({
  type: "object",
  default: {},
  additionalProperties: { type: "object", additionalProperties: false, properties },
});
/** JSON Schema of the properties of {@link Rules}. */
export const rulesSchema = {
  properties: {
    stats: each({
      kind: { enum: ["counter", "gauge"] },
      delta: { type: "boolean" },
      unit: text,
      desc: text,
      name: text,
      labels: texts,
      label: text,
      states: { type: "array", items: text },
      skip: { type: "boolean" },
    }),
    structs: each({ prefix: text, label: text }),
  },
};

const wrong = (message: string, remedy: string) => new ScxError("ERR_SCX_STATS_MAP", { op: "rule", message, remedy });

/** A label that can't be, and where it stands. */
export interface RuleProblem {
  readonly path: readonly [list: "stats" | "structs", pattern: string, key: string, ...label: string[]];
  readonly message: string;
}

/** What is wrong with rules that a schema can't say in words: names of labels. */
export function ruleProblems({ stats = {}, structs = {} }: Partial<Rules>): RuleProblem[] {
  const message = (label: string) => `"${label}" is no label: ${labelRule}`;
  const named = Object.entries({ stats, structs }).flatMap(([list, rules]) =>
    Object.entries(rules as Record<string, StructRule>)
      .filter(([, { label }]) => label !== undefined && !isLabelName(label))
      .map(
        ([pattern, { label = "" }]): RuleProblem => ({
          path: [list as "stats" | "structs", pattern, "label"],
          message: message(label),
        }),
      ),
  );
  const own = Object.entries(stats).flatMap(([pattern, { labels = {} }]) =>
    Object.keys(labels)
      .filter((label) => !isLabelName(label))
      .map((label): RuleProblem => ({ path: ["stats", pattern, "labels", label], message: message(label) })),
  );
  return [...named, ...own];
}

/** @throws ScxError ERR_SCX_STATS_MAP for the first of {@link ruleProblems} */
function checkLabels(rules: Rules): Rules {
  const [problem] = ruleProblems(rules);
  if (!problem) return rules;
  const { path, message } = problem;
  throw wrong(`The rule for ${path[1]}: ${message}.`, "Give the label another name.");
}

/** Reads a file of rules. @throws ScxError ERR_SCX_STATS_MAP */
export function parseRules(path: string, text: string): Rules {
  const remedy =
    'Write {"stats": {"FIELD": {"kind": "counter", …}}, "structs": {"STRUCT": {"prefix": …, "label": …}}}.';
  try {
    return checkLabels(checkedOptions(`Rules in ${path}`, rulesSchema, JSON.parse(text)) as Rules);
  } catch (cause) {
    if (cause instanceof ScxError && cause.code === "ERR_SCX_STATS_MAP") throw cause;
    throw wrong(cause instanceof ScxError ? causeOf(cause) : `${path} is no JSON: ${causeOf(cause)}.`, remedy);
  }
}

/**
 * What a server says of its statistics, with the rules applied. Rules that fit nothing are logged.
 * @throws ScxError ERR_SCX_STATS_MAP for what can't be applied: a counter that is no integer, states of what is no text, a delta that is no counter,
 * a label that is none
 */
export function applyRules(rules: Rules, schema: StatsSchema): StatsSchema {
  const { stats, structs } = checkLabels(rules);
  const statRules = Object.entries(stats).map(([pattern, rule]) => ({ pattern, rule, fits: fitting(pattern) }));
  const structRules = Object.entries(structs).map(([pattern, rule]) => ({ pattern, rule, fits: fitting(pattern) }));
  const unused = new Set([...Object.keys(stats), ...Object.keys(structs)]);
  const done = new Map<StatsSchema, StatsSchema>();
  const struct = (of: StatsSchema): StatsSchema => {
    const known = done.get(of);
    if (known) return known;
    let { user = {} } = of;
    for (const { pattern, rule, fits } of structRules) {
      if (!fits(of.name)) continue;
      unused.delete(pattern);
      user = { ...user, ...attributes({ _om_prefix: rule.prefix, _om_label: rule.label }) };
    }
    const changed = { ...of, user, stats: of.stats.flatMap((stat) => field(of, stat)) };
    done.set(of, changed);
    return changed;
  };
  const field = (of: StatsSchema, stat: Stat): Stat[] => {
    let skipped = false;
    let changed = stat.type === undefined ? stat : { ...stat, type: inner(stat.type, struct) };
    for (const { pattern, rule, fits } of statRules) {
      if (!fits(stat.name) && !fits(`${of.name}.${stat.name}`)) continue;
      unused.delete(pattern);
      changed = ruled(changed, rule, `${of.name}.${stat.name}`);
      skipped = rule.skip ?? skipped;
    }
    return skipped ? [] : [changed];
  };
  const result = struct(schema);
  for (const pattern of unused) log.warn(`the rule for ${pattern} fits no statistic`);
  return result;
}

function ruled(stat: Stat, rule: StatRule, where: string): Stat {
  const { kind = stat.kind, unit = stat.unit, desc = stat.desc, name, labels, label, states, skip } = rule;
  const type = stat.type ?? (stat.kind === "counter" ? "u64" : "i64");
  const refuse = (what: string, remedy: string) => wrong(`The rule for ${where} ${what}.`, remedy);
  if (stat.kind === "histogram" && kind !== "histogram")
    throw refuse(`makes a ${kind} of a histogram`, "Say nothing of its kind.");
  if (kind === "counter" && !isOf(type, "u64", "i64"))
    throw refuse("makes a counter of what is no integer", "Only u64 and i64 can be counters.");
  if (rule.delta && kind !== "counter") throw refuse("has a delta of what is no counter", 'Add "kind": "counter".');
  if (states && !isOf(type, "string")) throw refuse("gives states to what is no text", "Only texts have states.");
  const { _om_skip, ...rest } = stat.user ?? {};
  const more = attributes({
    _om_label: label,
    _scx_states: states && statesText(states),
    _om_skip: skip === false ? undefined : _om_skip,
  });
  const delta = rule.delta ? attributes({ _scx_delta: "true" }) : {};
  const family =
    name === undefined && !labels
      ? stat.family
      : { name: name ?? stat.family?.name ?? stat.name, labels: labels ?? stat.family?.labels ?? {} };
  return {
    ...stat,
    kind,
    ...(kind !== "histogram" && { type }),
    ...(unit !== undefined && { unit }),
    ...(desc !== undefined && { desc }),
    ...(family && { family }),
    user: { ...rest, ...more, ...delta },
  };
}

const attributes = (all: Record<`_${string}`, string | undefined>): UserAttributes =>
  Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)) as UserAttributes;

/** A type with its groups changed. */
function inner(type: StatType, change: (schema: StatsSchema) => StatsSchema): StatType {
  const datum = (of: StatDatum): StatDatum => (typeof of === "string" ? of : { struct: change(of.struct) });
  if (typeof type === "string" || "struct" in type) return datum(type);
  return "array" in type ? { array: datum(type.array) } : { ...type, dict: datum(type.dict) };
}

/** Whether a statistic, or each of its parts, is of one of these types. */
const isOf = (type: StatType, ...wanted: readonly StatDatum[]): boolean => wanted.includes(datumOf(type));

const fitting = (text: string): ((name: string) => boolean) => pattern(text, ".*");
