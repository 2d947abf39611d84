// SPDX-License-Identifier: MIT
import { ScxError } from "../error.js";
import { checkGiven } from "../given.js";
import { SinkQueue } from "./queue.js";
import { partOptions, queueSchema } from "./queue_options.js";
import type { OptionsSchema, Sink, SinkFactory } from "./sink.js";

/** A kind of sink that scxkit brings. */
export interface SinkKind {
  /** What it is, for people. */
  readonly about: string;
  /** The packages that it needs besides scxkit, as `npm install` takes them. */
  readonly needs?: string;
  /** Loads it; without what it {@link needs}, which is only loaded when it is opened. */
  // biome-ignore lint/suspicious/noExplicitAny: each kind has options of its own, and its schema checks them
  readonly load: () => Promise<{ readonly sink: SinkFactory<any> }>;
}

/**
 * Every kind by its name. A new one is a file that exports `sink` (a {@link SinkFactory}), and a line here; nothing else knows
 * of it. What reaches it, how it fails and what its queue does for it says {@link Sink}; a sink of metrics has its names and labels from
 * {@link MetricPoints}, one of documents has its text from {@link documentOf}; one that sends elsewhere says whose records they are ({@link withHost}).
 */
export const sinkKinds: Readonly<Record<string, SinkKind>> = {
  http: { about: "batches of JSON, posted to a web server", load: () => import("./http.js") },
  jsonl: { about: "JSON lines into a file or on stdout", load: () => import("./jsonl.js") },
  kafka: { about: "a Kafka topic", needs: "@platformatic/kafka@1", load: () => import("./kafka.js") },
  log: { about: "lines for people, on stderr or into a file", load: () => import("./log.js") },
  otlp: {
    about: "an OpenTelemetry receiver, by OTLP",
    needs:
      "@opentelemetry/api @opentelemetry/resources @opentelemetry/sdk-metrics @opentelemetry/exporter-metrics-otlp-proto",
    load: () => import("./otlp.js"),
  },
  prometheus: { about: "Prometheus and OpenMetrics, scraped over HTTP", load: () => import("./prometheus.js") },
  statsd: { about: "a StatsD server, names without labels", needs: "hot-shots", load: () => import("./statsd.js") },
  dogstatsd: {
    about: "a StatsD server that knows tags, as Datadog's does",
    needs: "hot-shots",
    load: async () => ({ sink: (await import("./statsd.js")).dogstatsd }),
  },
};

/** The factory of a kind. @throws ScxError ERR_SCX_USAGE for a name that is none */
export async function sinkFactory(name: string): Promise<SinkFactory> {
  const kind = Object.hasOwn(sinkKinds, name) ? sinkKinds[name] : undefined;
  if (kind) return (await kind.load()).sink;
  throw new ScxError("ERR_SCX_USAGE", {
    op: "sink",
    message: `There is no sink "${name}".`,
    remedy: `The sinks are ${Object.keys(sinkKinds).join(", ")}.`,
  });
}

/** JSON Schema of all that a sink made by this factory takes: its own options, and those of its queue. */
export function optionsSchema(factory: SinkFactory): OptionsSchema {
  const { properties, ...rest } = factory.options ?? { additionalProperties: true };
  return {
    type: "object",
    additionalProperties: false,
    ...rest,
    properties: { ...(properties as object), ...queueSchema },
  };
}

/**
 * A factory out of what a user's module exports: a {@link SinkFactory} as it is, or a class whose constructor takes the options
 * (any, unless it has a static `options` schema), or a function that gives a sink.
 * @param what how the user names it, for the error
 * @throws ScxError ERR_SCX_USAGE
 */
export function factoryOf(what: string, exported: unknown): SinkFactory {
  if (
    typeof exported === "object" &&
    exported !== null &&
    "create" in exported &&
    typeof exported.create === "function"
  )
    return exported as SinkFactory;
  if (typeof exported === "function") {
    const { options, address, metrics } = exported as Partial<SinkFactory>;
    const about = { ...(options && { options }), ...(address && { address }), ...(metrics && { metrics }) };
    const isClass = typeof exported.prototype?.write === "function";
    const create = (given: object): Sink | Promise<Sink> =>
      isClass ? Reflect.construct(exported, [given]) : exported(given);
    return { ...about, create };
  }
  throw new ScxError("ERR_SCX_USAGE", {
    op: "sink",
    message: `${what} is no sink.`,
    remedy:
      "Export a class with a method write(records, signal), a function that gives such an object, or { options, create }.",
  });
}

/** What {@link createSink} makes. */
export interface CreateSinkOptions {
  /** What it is called in messages and in scxkit's own metrics: the kind, unless several are of one. */
  name: string;
  factory: SinkFactory;
  /** Its own options and its queue's, as {@link optionsSchema} has them. */
  options?: object;
  /** Whether the options are text, as on a command line. */
  text?: boolean;
}

/**
 * Makes a sink and the queue before it, both still to be opened ({@link SinkQueue.open}).
 * @throws ScxError ERR_SCX_USAGE that names the option
 */
export async function createSink(settings: CreateSinkOptions): Promise<SinkQueue> {
  const remedy = 'Give { name, factory, options }, the factory of sinkFactory("jsonl") or your own.';
  checkGiven("sink", "What makes a sink", settings, ["name", "factory"], remedy);
  const { name, factory, options = {}, text } = settings;
  // Only now: a command that has no sink needs no schemas either.
  const { checkedOptions } = await import("./options.js");
  const checked = checkedOptions(`Sink ${name}`, optionsSchema(factory), options, text);
  const [queue, own] = partOptions(checked);
  const sink = await factory.create(own as never);
  if (typeof sink?.write !== "function") return factoryOf(name, undefined) as never;
  return new SinkQueue(name, sink, { metrics: factory.metrics ?? false, ...queue });
}
