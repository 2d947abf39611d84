// SPDX-License-Identifier: MIT
import { logger } from "../diagnostics.js";
import { causeOf, ScxError } from "../error.js";
import { type DecodedValues, decodeValues, type Integers } from "../stats/decode.js";
import { describing } from "../stats/described.js";
import type { StatsMeta } from "../stats/meta.js";
import { readMeta } from "../stats/read_meta.js";
import type { StatsSchema } from "../stats/schema.js";
import { schemaOf } from "../stats/schema_of.js";
import type { StatsClient } from "./client.js";
import { parseReply, type ReplyValue } from "./reply.js";

const log = logger("protocol");

/** A reply by its types. */
export interface Described {
  values: DecodedValues;
  schema: StatsSchema;
}

/** Why a reply has none; nothing where the metadata don't mention it, as of many servers' further targets. */
interface Undescribed {
  schema: undefined;
  fault?: ScxError;
}

/**
 * Reads replies by what their server says of them. Schemas stay the same objects as long as a server, or the one that
 * follows it, says the same.
 */
export class Describer {
  readonly #target: string | undefined;
  readonly #integers: Integers | undefined;
  readonly #signal: AbortSignal;
  #meta: StatsMeta | undefined;
  /** The line that #meta was read from. */
  #line = "";
  /** Schemas made of #meta, by struct. */
  readonly #schemas = new Map<string, StatsSchema>();
  /** Names of the fields of a reply that the newest metadata don't describe. */
  #odd: string | undefined;
  #warned = false;

  constructor(options: { target?: string | undefined; integers?: Integers | undefined }, signal: AbortSignal) {
    this.#target = options.target;
    this.#integers = options.integers;
    this.#signal = signal;
  }

  /** Begins with another connection. What can't be had of metadata is said, and done without. @throws ScxError */
  async meet(client: StatsClient): Promise<void> {
    this.#warned = false;
    this.#odd = undefined;
    await this.#ask(client);
  }

  /**
   * A reply by its description, which is asked for anew where it doesn't fit: another scheduler's statistics may have
   * followed. Undefined where there is none.
   *
   * @throws ScxError as {@link StatsClient.request}; ERR_SCX_VALUE
   */
  async describe(client: StatsClient, reply: ReplyValue): Promise<Described | undefined> {
    const exact = this.#decode(reply, true);
    if (exact.schema) return exact;
    const names = Object.keys(reply ?? {}).join("\0");
    if (this.#meta && names !== this.#odd) {
      await this.#ask(client);
      const anew = this.#decode(reply, true);
      if (anew.schema) return anew;
      this.#odd = names;
    }
    // What is there besides is no reason to show nothing by its type.
    const loose = this.#decode(reply, false);
    if (loose.schema) return loose;
    if (loose.fault) this.#warn(`The server's metadata don't describe its reply: ${causeOf(loose.fault)}`);
    return undefined;
  }

  async #ask(client: StatsClient): Promise<void> {
    try {
      const line = await client.metaLine({ signal: this.#signal });
      if (line === this.#line) return;
      this.#schemas.clear();
      this.#meta = undefined;
      this.#line = line;
      this.#meta = readMeta(parseReply(line));
    } catch (error) {
      if (!isDescription(error)) throw error;
      this.#warn(`${causeOf(error)} Values are shown as they come.`);
    }
  }

  #decode(reply: ReplyValue, strict: boolean): Described | Undescribed {
    try {
      const struct = this.#meta && describing(this.#meta, this.#target, reply);
      if (!this.#meta || !struct) return { schema: undefined };
      const schema = this.#schemas.get(struct.name) ?? schemaOf(this.#meta, struct.name);
      this.#schemas.set(struct.name, schema);
      return { values: decodeValues(schema, reply, { integers: this.#integers, strict }), schema };
    } catch (error) {
      const fault = error as ScxError;
      if (isDescription(fault) || fault.code === "ERR_SCX_WIRE") return { schema: undefined, fault };
      throw error;
    }
  }

  #warn(text: string): void {
    if (!this.#warned) log.warn(text);
    this.#warned = true;
  }
}

const EINVAL = 22;

/** Whether a server has no metadata, or none that can be used: its statistics can be had all the same. */
const isDescription = (error: unknown): boolean =>
  error instanceof ScxError &&
  (error.code === "ERR_SCX_STATS_META" || (error.code === "ERR_SCX_WIRE" && error.errno === EINVAL));
