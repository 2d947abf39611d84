// SPDX-License-Identifier: MIT
import type { ErrorObject } from "ajv/dist/2020.js";
import { causeOf } from "../error.js";
import { ruleProblems } from "../export/rules.js";
import { checkSocketPath } from "../protocol/path.js";
import { readFile } from "../read_file.js";
import { labelProblem } from "../sinks/label_check.js";
import { wordsOf } from "../sinks/options.js";
import { checkStatsMap } from "../source/stats_map.js";
import type { AgentSettings, ObjectSettings, WatchedSettings } from "./config.js";
import { ConfigDocument } from "./document.js";
import type { InterpolatedValues } from "./interpolated.js";
import { knownKinds } from "./kinds.js";
import { objectOf } from "./object.js";
import { type AgentParts, loadParts } from "./parts.js";
import type { Path, Problem } from "./problem.js";
import { type ComponentList, componentLists, configSchema, type KnownKinds } from "./schema.js";
import { validatorOf } from "./validate.js";

/** A config that can be run. */
export interface AgentConfig extends AgentParts {
  readonly file: string;
  readonly settings: AgentSettings;
  /** What is watched, where anything is; a path of an object is absolute. */
  readonly watched: WatchedSettings | undefined;
  readonly fallbacks: readonly ObjectSettings[];
}

/**
 * Reads and checks a config file; its components are made, and touch nothing yet. Who starts no agent by it closes its sources.
 * @throws ScxError ERR_SCX_FILE_NOT_FOUND, ERR_SCX_FILE_UNREADABLE; ERR_SCX_CONFIG with a line of `log` for each problem
 */
export async function loadConfig(file: string, environment: NodeJS.ProcessEnv = process.env): Promise<AgentConfig> {
  const text = readFile(`The config ${file}`, file).toString();
  const document = ConfigDocument.parse(file, text, environment);
  const given = (document.value ?? {}) as AgentSettings;
  const named = namesIn(document.value);
  const kinds = await knownKinds((kind) => named.has(kind));
  const problems = shapeProblems(given, kinds, document.interpolated);
  const settings = sound(given, problems);
  if (settings === undefined) throw document.error(problems);
  const names = Object.keys(settings.labels ?? {});
  for (const name of names) {
    const message = labelProblem(name, names);
    if (message !== undefined) problems.push({ path: ["labels", name], message, key: true });
  }
  const watched = await watchedOf(settings, file, problems);
  const fallbacks: ObjectSettings[] = [];
  for (const [i, given] of (settings.fallbacks ?? []).entries())
    fallbacks.push(
      await objectOf(typeof given === "string" ? { object: given } : given, file, ["fallbacks", i], problems),
    );
  const parts = await loadParts(settings, file, problems, document.interpolated);
  if (problems.length > 0) {
    for (const { made } of parts.sources) made.close?.();
    throw document.error(problems);
  }
  return { file, settings, watched, fallbacks, ...parts };
}

/** What can't be judged without another key of the config. */
const needed: ReadonlyMap<string, readonly string[]> = new Map([
  ["scheduler", ["fallbacks", "restart", "serve"]],
  ["sources", ["sinks", "detectors", "actuators"]],
  ["detectors", ["actuators"]],
]);

/** What is left to be looked at when some of it has the wrong shape: what is wrong in the rest is said as well. */
function sound(settings: AgentSettings, misshapen: readonly Problem[]): AgentSettings | undefined {
  if (misshapen.some(({ path }) => path.length === 0)) return undefined;
  const left = new Set(
    misshapen.map(({ path }) => String(path[0])).flatMap((key) => [key, ...(needed.get(key) ?? [])]),
  );
  return Object.fromEntries(Object.entries(settings).filter(([key]) => !left.has(key))) as unknown as AgentSettings;
}

/** All keys that there are, at any depth. */
function namesIn(value: unknown, names = new Set<string>()): ReadonlySet<string> {
  if (typeof value !== "object" || value === null) return names;
  for (const [name, inside] of Object.entries(value)) {
    names.add(name);
    namesIn(inside, names);
  }
  return names;
}

/** What the schema finds wrong; it fills in its defaults, too. */
function shapeProblems(settings: AgentSettings, kinds: KnownKinds, interpolated: InterpolatedValues): Problem[] {
  const errors = interpolated.check(validatorOf(configSchema(kinds)), settings);
  // What each branch of several lacks is said once, by the keyword around them; the same of a name against a pattern.
  return errors
    .filter(({ schemaPath, keyword }) => !/\/anyOf\/\d/.test(schemaPath) && keyword !== "if")
    .map((error) => problemOf(error, kinds));
}

const isList = (name: unknown): name is ComponentList => (componentLists as readonly unknown[]).includes(name);

function problemOf(error: ErrorObject, kinds: KnownKinds): Problem {
  const path: (string | number)[] = error.instancePath
    .split("/")
    .slice(1)
    .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"))
    .map((part) => (/^\d+$/.test(part) ? Number(part) : part));
  const last = path.at(-1);
  const named = { ...error, instancePath: last === undefined ? "" : `/${last}` };
  if (error.keyword === "additionalProperties") {
    const key = String(error.params.additionalProperty);
    const list = path.at(-2); // of sinks[0], and of detectors[0].sinks[0]
    const message = isList(list) && typeof last === "number" ? unknownKind(list, key, kinds) : wordsOf(named);
    return { path: [...path, key], key: true, message };
  }
  if (error.keyword === "anyOf" && Array.isArray(error.schema)) {
    const names = error.schema.flatMap(({ required = [] }) => required as string[]);
    return { path, message: `${names.map((name) => `"${name}"`).join(" or ")} is missing` };
  }
  if (typeof last !== "number") return { path, message: wordsOf(named) };
  const message =
    error.keyword === "enum" ? `it is none of ${error.params.allowedValues.join(", ")}` : `it ${error.message}`;
  return { path, message };
}

function unknownKind(list: ComponentList, key: string, kinds: KnownKinds): string {
  const what = list.slice(0, -1);
  const known = Object.keys(kinds[list]);
  const there = known.length > 0 ? `there are ${known.join(", ")}, and modules: ` : "there are modules only: ";
  return `there is no ${what} "${key}"; ${there}./my-${what}.mjs#Name`;
}

const ways = ["object", "running", "socket"] as const;

async function watchedOf(
  { scheduler, ...rest }: AgentSettings,
  file: string,
  problems: Problem[],
): Promise<WatchedSettings | undefined> {
  const watched = typeof scheduler === "string" ? { object: scheduler } : scheduler;
  const chosen = ways.filter((way) => watched?.[way] !== undefined && watched[way] !== false);
  const wrong = (path: Path, message: string) => problems.push({ path, message, key: true });
  if (watched && chosen.length !== 1)
    wrong(["scheduler"], `it is to name one of ${ways.join(", ")}; it names ${chosen.join(" and ") || "none"}`);
  const way = chosen.length === 1 ? chosen[0] : undefined;
  if (watched && way === undefined) return undefined;
  for (const key of ["fallbacks", "restart"] as const)
    if (rest[key] !== undefined && way !== "object")
      wrong([key], "only a scheduler that the agent itself runs (object) is restarted or replaced");
  if (rest.serve !== undefined && way !== "object" && way !== "running")
    wrong(["serve"], "only the statistics of a scheduler that is read here (object or running) are served");
  for (const key of Object.keys(watched ?? {}))
    if (way && key !== way && !allowed[way].has(key)) wrong(["scheduler", key], `it says nothing beside "${way}"`);
  for (const [path, text] of [
    [["scheduler", "socket"], watched?.socket],
    [["serve"], rest.serve],
  ] as const) {
    const error = text === undefined ? undefined : attempt(() => checkSocketPath(text, "config"));
    if (error instanceof Error) problems.push({ path, message: causeOf(error) });
  }
  if (way === "running" && watched?.statsMap !== undefined) {
    const error = attempt(() => checkStatsMap(watched.statsMap));
    if (error instanceof Error) problems.push({ path: ["scheduler", "statsMap"], message: causeOf(error) });
  }
  for (const { path, message } of ruleProblems(watched?.rules ?? {})) wrong(["scheduler", "rules", ...path], message);
  if (!watched || way !== "object") return watched;
  return objectOf(watched as ObjectSettings, file, ["scheduler"], problems);
}

const allowed = {
  object: new Set(["opsMap", "set", "ops", "resize", "program", "kconfig", "statsMap"]),
  running: new Set(["statsMap"]),
  socket: new Set(["target", "rules"]),
} as const satisfies Record<(typeof ways)[number], Set<string>>;

function attempt(what: () => unknown): unknown {
  try {
    return what();
  } catch (error) {
    return error;
  }
}
