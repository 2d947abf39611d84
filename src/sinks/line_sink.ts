// SPDX-License-Identifier: MIT
import { inTurns } from "./in_turns.js";
import type { LineTarget } from "./line_file.js";
import type { Sink, SinkRecord } from "./sink.js";

/** Writes a line for each record. */
export class LineSink implements Sink {
  readonly #target: LineTarget;
  readonly #line: (record: SinkRecord) => string;
  #records: readonly SinkRecord[] = [];
  #lines: readonly Buffer[] = [];

  /** @param line a record's line, without its newline */
  constructor(target: LineTarget, line: (record: SinkRecord) => string) {
    this.#target = target;
    this.#line = line;
  }

  open(): Promise<void> {
    return this.#target.open();
  }

  async write(records: readonly SinkRecord[]): Promise<void> {
    // Those of a retry are the same array, and then the target knows how far it came.
    if (this.#records !== records) {
      this.#lines = await inTurns(records, (record) => Buffer.from(`${this.#line(record)}\n`));
      this.#records = records;
    }
    await this.#target.write(this.#lines);
  }

  flush(): Promise<void> {
    return this.#target.flush();
  }

  close(): Promise<void> {
    return this.#target.close();
  }
}
