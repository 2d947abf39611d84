// SPDX-License-Identifier: MIT
import type { ClientOptions, StatsD } from "hot-shots";
import { logger } from "../diagnostics.js";
import { ScxError } from "../error.js";
import { peerAddress } from "./address.js";
import { loadPeer, peerMissing } from "./peer.js";
import type { OptionsSchema, Sink, SinkFactory, SinkRecord } from "./sink.js";
import { type StatsdMetric, StatsdMetrics } from "./statsd_metrics.js";

const log = logger("sink");

/** Options of the sinks `statsd` and `dogstatsd`. */
export interface StatsdOptions {
  server?: string;
  protocol: "udp" | "tcp";
  prefix: string;
  maxBytes?: number;
}

const options: OptionsSchema = {
  properties: {
    server: { type: "string", description: "HOST:PORT, or the path of a datagram socket; 127.0.0.1:8125 unless given" },
    protocol: { enum: ["udp", "tcp"], default: "udp", description: "to a HOST" },
    prefix: { type: "string", default: "", description: "before all names" },
    maxBytes: { type: "integer", minimum: 100, maximum: 8000, description: "of one packet; 1432 by UDP, else 8000" },
  },
};

/** Bytes of a metric in a packet besides its name and tags: `:-1.7976931348623157e+308|g|#` and the newline. */
const overhead = 32;

/**
 * Sends what was counted, and levels, to a StatsD server; events are passed over. A packet that couldn't be sent is sent again,
 * those before it aren't. Whether one arrives nobody knows by UDP, nor by TCP when the server has just gone.
 */
class StatsdSink implements Sink {
  readonly #settings: ClientOptions;
  readonly #maxBytes: number;
  readonly #metrics: StatsdMetrics;
  #newClient: () => StatsD = () => {
    throw new Error("the sink isn't open");
  };
  #client: StatsD | undefined;
  #failure: Error | undefined;
  /** The records that a write failed with, in packets, and how many of them are sent. */
  #tried: { records: readonly SinkRecord[]; packets: StatsdMetric[][]; sent: number } | undefined;

  constructor({ server, protocol, prefix, maxBytes }: StatsdOptions, tagged: boolean) {
    const target = targetOf(server, protocol);
    this.#metrics = new StatsdMetrics(tagged);
    this.#maxBytes = maxBytes ?? (target.protocol === "udp" ? 1432 : 8000);
    this.#settings = {
      ...target,
      prefix,
      datadog: tagged,
      includeDataDogTags: tagged,
      includeDatadogTelemetry: false,
      // What is counted is the machine's, whatever container scxkit runs in.
      originDetection: false,
      // Packets are ours: it never has more to send than one of them.
      maxBufferSize: 8192,
      errorHandler: (error) => {
        this.#failure = error;
        log.debug(`statsd: ${error.message}`);
      },
    };
  }

  async open(): Promise<void> {
    const { StatsD } = await loadPeer("statsd", "hot-shots", () => import("hot-shots"));
    this.#newClient = () => new StatsD(this.#settings);
    this.#client = this.#newClient();
    // Its own optional package, without which there are no datagram sockets.
    if (this.#failure?.message.includes("unix_dgram")) throw peerMissing("statsd", "unix-dgram", this.#failure);
  }

  async write(records: readonly SinkRecord[]): Promise<void> {
    const again = this.#tried?.records === records ? this.#tried : undefined;
    const tried = again ?? { records, packets: this.#packets(records), sent: 0 };
    this.#tried = tried;
    for (const packet of tried.packets.slice(tried.sent)) {
      await this.#send(packet);
      tried.sent++;
    }
    this.#tried = undefined;
  }

  close(): Promise<void> {
    return new Promise((resolve) => (this.#client ? this.#client.close(() => resolve()) : resolve()));
  }

  #packets(records: readonly SinkRecord[]): StatsdMetric[][] {
    const packets: StatsdMetric[][] = [[]];
    let bytes = 0;
    for (const record of records) {
      if (record.type !== "sample") continue;
      for (const metric of this.#metrics.of(record)) {
        const size = overhead + sizeOf(metric, this.#settings.prefix ?? "");
        // A gauge that is set to zero first stays with that.
        if (bytes + size > this.#maxBytes && !(metric.kind === "gauge" && metric.value < 0)) {
          packets.push([]);
          bytes = 0;
        }
        packets.at(-1)?.push(metric);
        bytes += size;
      }
    }
    return packets.filter((packet) => packet.length > 0);
  }

  async #send(packet: readonly StatsdMetric[]): Promise<void> {
    this.#client ??= this.#newClient();
    const client = this.#client;
    for (const { kind, name, value, tags } of packet) {
      if (kind === "count") client.increment(name, value, tags);
      else client.gauge(name, value, tags);
    }
    try {
      await new Promise<void>((resolve, reject) => client.flush((error) => (error ? reject(error) : resolve())));
    } catch (error) {
      // A socket that broke stays broken.
      this.#client = undefined;
      client.close(() => {});
      throw error;
    }
  }
}

const sizeOf = ({ name, tags }: StatsdMetric, prefix: string): number =>
  Object.entries(tags).reduce(
    (bytes, [tag, value]) => bytes + Buffer.byteLength(tag) + Buffer.byteLength(value) + 2,
    prefix.length + 1 + Buffer.byteLength(name),
  );

/** Where to send to. Without a server hot-shots knows it, by the environment (DD_AGENT_HOST, DD_DOGSTATSD_URL) where tags are sent. */
function targetOf(
  server: string | undefined,
  protocol: "udp" | "tcp",
): Pick<ClientOptions, "host" | "port" | "path" | "protocol"> {
  if (server === undefined) return { protocol };
  if (server.startsWith("/")) return { protocol: "uds", path: server };
  const address = peerAddress(server, 8125);
  if (address) return { protocol, ...address };
  throw new ScxError("ERR_SCX_USAGE", {
    op: "sink",
    message: `Sink statsd: "${server}" is no server.`,
    remedy:
      "Give HOST:PORT, or the path of a datagram socket: 127.0.0.1:8125, [::1]:8125, /var/run/datadog/dsd.socket.",
  });
}

const factory = (tagged: boolean): SinkFactory<StatsdOptions> => ({
  options,
  address: "server",
  metrics: true,
  create: (given) => new StatsdSink(given, tagged),
});

/** A StatsD server: names without labels. */
export const sink = factory(false);

/** A StatsD server that knows tags: Datadog's agent, Telegraf, statsd_exporter, StatsD itself since 0.9. */
export const dogstatsd = factory(true);
