// SPDX-License-Identifier: MIT

import { documentOf } from "./document.js";
import type { Sink, SinkFactory, SinkRecord } from "./sink.js";

interface JsonlOptions {
  file: string;
}

class JsonlSink implements Sink {
  write(records: readonly SinkRecord[]): void {
    process.stdout.write(records.map((record) => `${documentOf(record)}\n`).join(""));
  }
}

/** JSON lines on stdout. */
export const sink: SinkFactory<JsonlOptions> = {
  options: { properties: { file: { type: "string", default: "-" } } },
  address: "file",
  create: () => new JsonlSink(),
};
