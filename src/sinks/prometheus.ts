// SPDX-License-Identifier: MIT
import { logger } from "../diagnostics.js";
import { CurrentPoints } from "./current.js";
import { Exposition, type ExpositionFormat } from "./exposition.js";
import { type PageBody, pageBody, ScrapeServer, type ScrapeServerOptions } from "./scrape_server.js";
import type { Sink, SinkFactory, SinkRecord } from "./sink.js";

const log = logger("sink");

/** A web page with the metrics of the last tick, for Prometheus to scrape. */
export class PrometheusSink implements Sink {
  readonly #current = new CurrentPoints();
  readonly #clashes = new Set<string>();
  readonly #exposition = new Exposition((name, why) => this.#clash(name, why));
  readonly #server: ScrapeServer;
  readonly #rendered = new Map<ExpositionFormat, { version: number; page: PageBody }>();

  /** @throws ScxError ERR_SCX_USAGE for an address that is none, and those of files that can't be read */
  constructor(options: ScrapeServerOptions) {
    this.#server = new ScrapeServer(options, (format) => this.#page(format));
  }

  /** Where it listens: `http://127.0.0.1:9000/metrics`. */
  get url(): string {
    return this.#server.url;
  }

  open(signal?: AbortSignal): Promise<void> {
    return this.#server.open(signal);
  }

  write(records: readonly SinkRecord[]): void {
    this.#current.take(records);
  }

  close(): Promise<void> {
    return this.#server.close();
  }

  /** The same for all scrapes of a tick. */
  #page(format: ExpositionFormat): PageBody {
    const points = this.#current.all();
    const { version } = this.#current;
    const known = this.#rendered.get(format);
    if (known?.version === version) return known.page;
    const page = pageBody(this.#exposition.render(points, format));
    this.#rendered.set(format, { version, page });
    return page;
  }

  #clash(name: string, why: string): void {
    if (this.#clashes.has(name)) return;
    this.#clashes.add(name);
    log.warn(`${name} is not exported in full: ${why}`);
  }
}

/** Prometheus and OpenMetrics, scraped over HTTP. */
export const sink: SinkFactory<Omit<ScrapeServerOptions, "listen"> & { listen: string | number }> = {
  options: {
    properties: {
      listen: {
        type: ["string", "integer"],
        default: "127.0.0.1:9000",
        description: "HOST:PORT, or a PORT of 127.0.0.1",
      },
      path: { type: "string", pattern: "^/[^?#\\s]*$", default: "/metrics", description: "the page's path" },
      maxScrapes: {
        type: "integer",
        minimum: 1,
        default: 8,
        description: "scrapes at the same time; more get status 503",
      },
      tokenFile: {
        type: "string",
        description: "a file with the token that scrapes must bring (bearer authentication)",
      },
      certFile: { type: "string", description: "certificate for TLS, PEM" },
      keyFile: { type: "string", description: "its key, PEM" },
    },
    dependentRequired: { certFile: ["keyFile"], keyFile: ["certFile"] },
  },
  address: "listen",
  metrics: true,
  create: (options) => new PrometheusSink({ ...options, listen: `${options.listen}` }),
};
