// SPDX-License-Identifier: MIT
import type { PushMetricExporter, ResourceMetrics } from "@opentelemetry/sdk-metrics";
import { logger } from "../diagnostics.js";
import { ScxError } from "../error.js";
import { packageVersion } from "../package.js";
import { withHost } from "./host.js";
import type { Point } from "./metric.js";
import { OtlpMetrics } from "./otlp_metrics.js";
import { loadPeer } from "./peer.js";
import { MetricPoints } from "./points.js";
import { withoutLogin } from "./secret.js";
import {
  type OptionsSchema,
  type SampleRecord,
  type Sink,
  type SinkFactory,
  type SinkRecord,
  SinkRefusal,
} from "./sink.js";

const log = logger("sink");

/** The OTLP sink's own options; what is absent, the environment's OTEL_* say, and OpenTelemetry's defaults. */
export interface OtlpOptions {
  endpoint?: string;
  headers?: Record<string, string>;
  compression?: "none" | "gzip";
  temporality?: "cumulative" | "delta";
  attributes: Record<string, string>;
  maxPoints: number;
}

const map = (description: string) => ({ type: "object", additionalProperties: { type: "string" }, description });

const options: OptionsSchema = {
  properties: {
    endpoint: { type: "string", description: "the receiver's address; /v1/metrics where it has no path" },
    headers: map("sent with each request"),
    compression: { enum: ["none", "gzip"], description: "of requests" },
    temporality: {
      enum: ["cumulative", "delta"],
      description: "totals since the run began, or what each interval counted",
    },
    attributes: { ...map("attributes of the resource, besides host.name, service.name and the like"), default: {} },
    maxPoints: {
      type: "integer",
      minimum: 1,
      default: 10_000,
      description: "values in one request, unless one sample has more",
    },
  },
};

const peers =
  "@opentelemetry/api @opentelemetry/resources @opentelemetry/sdk-metrics @opentelemetry/exporter-metrics-otlp-proto";

const loadOpenTelemetry = () =>
  loadPeer("otlp", peers, async () => {
    const [api, resources, sdk, exporter] = await Promise.all([
      import("@opentelemetry/api"),
      import("@opentelemetry/resources"),
      import("@opentelemetry/sdk-metrics"),
      import("@opentelemetry/exporter-metrics-otlp-proto"),
    ]);
    return { ...api, ...resources, ...sdk, ...exporter };
  });

/** OpenTelemetry's names for the labels of a machine; further labels keep theirs. */
const conventions: Readonly<Record<string, string>> = {
  host: "host.name",
  kernel: "os.version",
  cpu_model: "host.cpu.model.name",
  scxkit: "service.version",
};

/** Statuses of HTTP that say that the same request will not do better. */
const refusals = new Set([400, 413, 422]);

type Labels = SampleRecord["labels"];
type Samples = [SampleRecord, Point[]][];

/** What is sent at once. */
interface Request {
  readonly samples: Samples;
  /** Made of them when it is first sent; the same for a retry. */
  data?: ResourceMetrics;
}

/** How far a write came. */
interface Tried {
  readonly records: readonly SinkRecord[];
  readonly requests: readonly Request[];
  sent: number;
  refusal: SinkRefusal | undefined;
}

/** What a receiver says that it took the rest of. */
interface PartialSuccess {
  rejectedDataPoints?: number | string;
  errorMessage?: string;
}

/** The part of the exporter to which answers come; it only logs them, where OpenTelemetry's own log is on, and is no part of its interface. */
interface Answered {
  _delegate?: { _responseHandler?: { handleResponse?(answer: { partialSuccess?: PartialSuccess } | undefined): void } };
}

/** What the exporter says at the end; the error's code is HTTP's status, where there was an answer. */
interface Result {
  code: number;
  error?: Error & { code?: number | string };
}

/** Sends samples by OTLP over HTTP (protobuf), with OpenTelemetry's own exporter. Events are passed over. */
class OtlpSink implements Sink {
  readonly #options: OtlpOptions;
  readonly #url: string | undefined;
  readonly #points = new MetricPoints();
  #metrics: OtlpMetrics | undefined;
  #exporter: PushMetricExporter | undefined;
  /** What the last request's answer said of points that weren't taken. */
  #partial: PartialSuccess | undefined;
  /** The records of the last write, in requests, unless it succeeded: those that were taken aren't sent again. */
  #tried: Tried | undefined;
  /** The receiver's last warning. */
  #warned = "";
  #resourceOf: (labels: Labels) => ResourceMetrics["resource"] = () => {
    throw new Error("the sink isn't open");
  };

  constructor(options: OtlpOptions) {
    this.#options = options;
    this.#url = options.endpoint === undefined ? undefined : withPath(options.endpoint);
  }

  async open(): Promise<void> {
    const otel = await loadOpenTelemetry();
    const { headers, compression, temporality, attributes } = this.#options;
    const exporter = new otel.OTLPMetricExporter({
      ...(this.#url !== undefined && { url: this.#url }),
      ...(headers && { headers }),
      // An enumeration of its own, with these very values.
      ...(compression && { compression: compression as never }),
      ...(temporality && {
        temporalityPreference: otel.AggregationTemporality[temporality === "delta" ? "DELTA" : "CUMULATIVE"],
      }),
    });
    const chosen = exporter.selectAggregationTemporality(otel.InstrumentType.COUNTER);
    this.#metrics = new OtlpMetrics(otel, chosen === otel.AggregationTemporality.DELTA);
    this.#exporter = exporter;
    this.#hear(exporter as unknown as Answered);
    const environment = otel.detectResources({ detectors: [otel.envDetector] });
    this.#resourceOf = (labels) =>
      otel
        .defaultResource()
        .merge(otel.resourceFromAttributes(attributesOf(labels)))
        .merge(environment)
        .merge(otel.resourceFromAttributes(attributes));
  }

  async write(records: readonly SinkRecord[]): Promise<void> {
    if (this.#tried?.records !== records)
      this.#tried = {
        records,
        requests: this.#requests(records).map((samples) => ({ samples })),
        sent: 0,
        refusal: undefined,
      };
    const tried = this.#tried;
    for (const request of tried.requests.slice(tried.sent)) {
      try {
        await this.#export(request);
      } catch (error) {
        if (!(error instanceof SinkRefusal)) throw error;
        tried.refusal = new SinkRefusal(
          error.message,
          (tried.refusal?.records ?? 0) + (error.records ?? request.samples.length),
        );
      }
      tried.sent++;
    }
    this.#tried = undefined;
    if (tried.refusal) throw tried.refusal;
  }

  async close(): Promise<void> {
    await this.#exporter?.shutdown();
  }

  /** Partial success is success to the exporter, and nothing that a retry would mend. */
  #hear({ _delegate }: Answered): void {
    const handler = _delegate?._responseHandler;
    const theirs = handler?.handleResponse?.bind(handler);
    if (!handler || !theirs) return; // a version that keeps them elsewhere: what isn't taken is unknown then
    handler.handleResponse = (answer) => {
      this.#partial = answer?.partialSuccess;
      theirs(answer);
    };
  }

  /** @throws SinkRefusal for as many records as the values that weren't taken are */
  #checkPartial(samples: Samples): void {
    const { rejectedDataPoints = 0, errorMessage = "" } = this.#partial ?? {};
    const rejected = Number(rejectedDataPoints);
    const said = errorMessage === "" ? "" : `: ${errorMessage}`;
    if (rejected > 0) {
      const points = samples.reduce((sum, [, { length }]) => sum + length, 0);
      const records = Math.min(samples.length, Math.ceil((rejected * samples.length) / points));
      throw new SinkRefusal(`${rejected} of ${points} values weren't taken${said}`, records);
    }
    if (said !== "" && said !== this.#warned) log.warn(`sink otlp: the receiver takes all, and says${said}`);
    this.#warned = said;
  }

  /** One request has one resource, and not too many values. */
  #requests(records: readonly SinkRecord[]): Samples[] {
    const requests = new Map<Labels, Samples[]>();
    const sizes = new Map<Labels, number>();
    for (const given of records) {
      if (given.type !== "sample") continue;
      const record = withHost(given);
      const points = this.#points.of(record);
      const own = requests.get(record.labels) ?? [];
      const size = sizes.get(record.labels) ?? Number.POSITIVE_INFINITY;
      requests.set(record.labels, own);
      if (size + points.length > this.#options.maxPoints) {
        own.push([]);
        sizes.set(record.labels, 0);
      }
      own.at(-1)?.push([record, points]);
      sizes.set(record.labels, (sizes.get(record.labels) ?? 0) + points.length);
    }
    return [...requests.values()].flat();
  }

  async #export(request: Request): Promise<void> {
    const { samples } = request;
    const [first] = samples;
    if (!first) return;
    request.data ??= {
      resource: this.#resourceOf(first[0].labels),
      scopeMetrics: [{ scope: { name: "scxkit", version: packageVersion }, metrics: this.#metrics?.of(samples) ?? [] }],
    };
    // It has a time limit and retries of its own, and can't be stopped: whoever doesn't wait for it may send twice, and in another order.
    const { data } = request;
    this.#partial = undefined;
    const { code, error } = await new Promise<Result>((resolve) => this.#exporter?.export(data, resolve));
    // ExportResultCode.SUCCESS of @opentelemetry/core.
    if (code === 0) return this.#checkPartial(samples);
    const message = `${error?.message || "no success"}${error?.code === undefined ? "" : ` (${error.code})`}`;
    throw refusals.has(Number(error?.code)) ? new SinkRefusal(message) : new Error(message, { cause: error });
  }
}

/** What the machine's labels say of the resource. Two hosts are two instances of the service. */
function attributesOf({ host = "", ...labels }: Labels): Record<string, string> {
  const named = Object.entries({ host, ...labels }).map(([name, value]) => [conventions[name] ?? name, value]);
  const service = { "service.name": "scxkit", "service.version": packageVersion, "service.instance.id": host };
  return { ...service, "os.type": "linux", ...Object.fromEntries(named) };
}

/** As the environment's general endpoint is taken: an address without a path is that of the receiver as a whole. */
function withPath(endpoint: string): string {
  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined;
  if (url?.protocol !== "http:" && url?.protocol !== "https:")
    throw new ScxError("ERR_SCX_USAGE", {
      op: "sink",
      message: `Sink otlp: "${withoutLogin(endpoint)}" is no address that can be posted to.`,
      remedy: "Give a URL: http://127.0.0.1:4318.",
    });
  if (url.pathname === "/") url.pathname = "/v1/metrics";
  return url.href;
}

/** An OTLP receiver: OpenTelemetry's collector, Prometheus, and most that keep metrics. */
export const sink: SinkFactory<OtlpOptions> = {
  options,
  address: "endpoint",
  metrics: true,
  create: (given) => new OtlpSink(given),
};
