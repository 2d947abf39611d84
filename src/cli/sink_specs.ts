// SPDX-License-Identifier: MIT
import { ScxError } from "../error.js";
import { createSink, optionsSchema, sinkFactory } from "../sinks/registry.js";
import { Sinks } from "../sinks/sinks.js";
import type { SinkFlags } from "./sink_flags.js";

/** Opens what the flags ask for. @throws ScxError that names the flag, and those of the sinks that can't be opened */
export async function openSinks(flags: SinkFlags, signal?: AbortSignal): Promise<Sinks> {
  const wanted = [...(flags.to ?? [])];
  if (flags.prometheus || flags.prometheusListen !== undefined)
    wanted.push(["prometheus", flags.prometheusListen].filter((part) => part !== undefined).join(":"));
  const counts = new Map<string, number>();
  const queues = [];
  for (const text of wanted) {
    const { kind, factory, options } = await parseSink(text);
    const nth = (counts.get(kind) ?? 0) + 1;
    counts.set(kind, nth);
    queues.push(await createSink({ name: nth === 1 ? kind : `${kind}-${nth}`, factory, options, text: true }));
  }
  return Sinks.open(queues, { ...(signal && { signal }) });
}

/**
 * Reads `NAME[:ADDRESS][,OPTION=VALUE…]`. A comma is part of the address unless the name of an option follows it.
 * @throws ScxError ERR_SCX_USAGE
 */
export async function parseSink(text: string) {
  const kind = /^[^:,]*/.exec(text)?.[0] ?? "";
  const factory = await sinkFactory(kind);
  const { properties } = optionsSchema(factory) as { properties: object };
  const [address = "", ...given] = text.slice(kind.length).split(optionStart(Object.keys(properties)));
  const options: Record<string, string> = {};
  if (address !== "") {
    if (factory.address === undefined || !address.startsWith(":"))
      throw usage(`--to ${text}: "${address}" is no option of sink ${kind}.`, properties);
    options[factory.address] = address.slice(1);
  }
  for (const option of given) {
    const [name = "", ...value] = option.split("=");
    options[name] = value.join("=");
  }
  return { kind, factory, options };
}

const optionStart = (names: readonly string[]) => new RegExp(`,(?=(?:${names.join("|")})=)`);

const usage = (message: string, properties: object) =>
  new ScxError("ERR_SCX_USAGE", {
    op: "sink",
    message,
    remedy: `Write NAME[:ADDRESS][,OPTION=VALUE…] with options of ${Object.keys(properties).join(", ")}.`,
  });
