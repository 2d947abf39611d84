// SPDX-License-Identifier: MIT
import { ScxError } from "../error.js";
import { createSink, optionsSchema, sinkFactory } from "../sinks/registry.js";
import { Sinks } from "../sinks/sinks.js";
import { assignment } from "./assignment.js";
import { near } from "./near.js";
import type { SinkFlags } from "./sink_flags.js";

/** The groups that a command with these flags sends; an agent has more. */
const sentGroups: readonly string[] = ["stats", "self"];

/**
 * Opens what the flags ask for.
 * @param labels of the records about the sinks themselves
 * @throws ScxError that names the flag, and those of the sinks that can't be opened
 */
export async function openSinks(
  flags: SinkFlags,
  signal?: AbortSignal,
  labels: Readonly<Record<string, string>> = {},
): Promise<Sinks> {
  const wanted = [...(flags.to ?? [])];
  if (flags.prometheus || flags.prometheusListen !== undefined)
    wanted.push(["prometheus", flags.prometheusListen].filter((part) => part !== undefined).join(":"));
  const counts = new Map<string, number>();
  const queues = [];
  for (const text of wanted) {
    const { kind, factory, options } = await parseSink(text);
    checkGroups(kind, options.groups?.split(",") ?? []);
    const nth = (counts.get(kind) ?? 0) + 1;
    counts.set(kind, nth);
    queues.push(await createSink({ name: nth === 1 ? kind : `${kind}-${nth}`, factory, options, text: true }));
  }
  return Sinks.open(queues, { labels, ...(signal && { signal }) });
}

/**
 * Reads `NAME[:ADDRESS][,OPTION=VALUE…]`. A comma is part of an address or a value where no `word=` follows it; where one is meant to, in a
 * URL, it is written %2C.
 * @throws ScxError ERR_SCX_USAGE, also for a word that is no option of that sink
 */
export async function parseSink(text: string) {
  const kind = /^[^:,]*/.exec(text)?.[0] ?? "";
  const factory = await sinkFactory(kind);
  const names = Object.keys((optionsSchema(factory) as { properties: object }).properties);
  const [address = "", ...given] = text.slice(kind.length).split(/,(?=\s*[a-z][\w.-]*\s*=)/i);
  const options: Record<string, string> = {};
  if (address !== "") {
    if (factory.address === undefined || !address.startsWith(":"))
      throw usage(`--to ${text}: "${address}" is no option of sink ${kind}.`, names);
    options[factory.address] = address.slice(1);
  }
  for (const option of given) {
    const [name, value] = assignment("--to", option);
    if (!names.includes(name)) throw noOption(text, kind, name, names);
    if (Object.hasOwn(options, name)) throw usage(`--to ${text}: "${name}" of sink ${kind} is given twice.`, names);
    options[name] = value;
  }
  return { kind, factory, options };
}

function noOption(text: string, kind: string, name: string, names: readonly string[]): ScxError {
  const meant = near(name, names);
  const asked = meant === undefined ? "" : ` Is ${meant} meant?`;
  const inside = text.includes("://") ? ` As a part of a URL it is written %2C${name}=` : "";
  return usage(`Sink ${kind} has no option "${name}".${asked}`, names, inside);
}

const usage = (message: string, names: readonly string[], more = "") =>
  new ScxError("ERR_SCX_USAGE", {
    op: "sink",
    message,
    remedy: `Write NAME[:ADDRESS][,OPTION=VALUE…] with options of ${names.join(", ")}.${more}`,
  });

function checkGroups(kind: string, groups: readonly string[]): void {
  const unknown = groups.find((group) => !sentGroups.includes(group));
  if (unknown === undefined) return;
  throw new ScxError("ERR_SCX_USAGE", {
    op: "sink",
    message: `Sink ${kind}: there is no group "${unknown}" here.`,
    remedy: `There are ${sentGroups.join(" and ")}; scxkit agent collects others, too.`,
  });
}
