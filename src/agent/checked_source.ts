// SPDX-License-Identifier: MIT
import { logger } from "../diagnostics.js";
import { causeOf, ScxError } from "../error.js";
import type { PlainValues, ValueSource } from "../source/values.js";
import type { StatsSchema } from "../stats/schema.js";
import { checkedValues } from "../stats/values.js";

const log = logger("agent");

/** A user's source, whose values are held against its schema before anything is counted by them. */
export class CheckedSource implements ValueSource {
  readonly #source: ValueSource;

  constructor(source: ValueSource) {
    this.#source = source;
  }

  get name(): string {
    return this.#source.name;
  }

  get schema(): StatsSchema {
    return this.#source.schema;
  }

  /** @throws ScxError ERR_SCX_VALUE that names the statistic */
  read(): PlainValues | undefined {
    const values: unknown = this.#source.read(); // which may make another schema
    if (values === undefined) return undefined;
    if (values instanceof Promise) values.catch(() => {}); // it is refused whatever comes of it
    if (typeof values !== "object" || values === null || "then" in values)
      throw new ScxError("ERR_SCX_VALUE", {
        op: "read",
        message: "Its read() gives no object of values.",
        remedy: "Give one at once; what has to wait is to be asked for beforehand, and its last answer given.",
      });
    const { schema } = this.#source;
    // What isn't there on this machine may be left out.
    const stats = schema.stats.filter(({ name }) => (values as PlainValues)[name] !== undefined);
    const given = Object.entries(values).filter(([, value]) => value !== undefined);
    checkedValues({ ...schema, stats }, Object.fromEntries(given));
    return values as PlainValues;
  }

  /** Never throws: there is nothing that could be done about it. */
  close(): void {
    try {
      this.#source.close?.();
    } catch (error) {
      log.warn(`source ${this.name} failed to close: ${causeOf(error)}`);
    }
  }
}
