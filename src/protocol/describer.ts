// SPDX-License-Identifier: MIT
import { causeOf, ScxError } from "../error.js";
import { type DecodedValues, decodeValues, type Integers } from "../stats/decode.js";
import { describing } from "../stats/described.js";
import type { Leave, MetaStruct, StatsMeta } from "../stats/meta.js";
import { readMeta } from "../stats/read_meta.js";
import type { StatsSchema } from "../stats/schema.js";
import { schemaOf } from "../stats/schema_of.js";
import type { StatsClient } from "./client.js";
import { parseReply, type ReplyValue } from "./reply.js";
import { Warnings } from "./warnings.js";

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
  /** The struct that described the last reply of a target other than `top`. */
  #last: MetaStruct | undefined;
  /** Names of the fields of a reply that the newest metadata don't describe. */
  #odd: string | undefined;
  /** Of the server. */
  readonly #warnings = new Warnings();

  constructor(options: { target?: string | undefined; integers?: Integers | undefined }, signal: AbortSignal) {
    this.#target = options.target;
    this.#integers = options.integers;
    this.#signal = signal;
  }

  /** Begins with another connection. What can't be had of metadata is said, and done without. @throws ScxError */
  async meet(client: StatsClient): Promise<void> {
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
    // Neither what is there besides nor what isn't as described is a reason to show nothing by its type.
    const faults: ScxError[] = [];
    const loose = this.#decode(reply, false, (fault) => faults.push(fault));
    if (loose.schema && (faults.length === 0 || Object.keys(loose.values).length > 0)) {
      for (const fault of faults) this.#warnings.warn(`${causeOf(fault)} It is left out.`);
      return loose;
    }
    const fault = loose.schema ? faults[0] : loose.fault;
    if (fault) this.#warnings.warn(`The server's metadata don't describe its reply: ${causeOf(fault)}`);
    return undefined;
  }

  async #ask(client: StatsClient): Promise<void> {
    try {
      const line = await client.metaLine({ signal: this.#signal });
      if (line === this.#line) return;
      this.#schemas.clear();
      this.#warnings.clear();
      this.#meta = undefined;
      this.#last = undefined;
      this.#line = line;
      this.#meta = readMeta(parseReply(line), (fault) =>
        this.#warnings.warn(`${causeOf(fault)} The field is left out.`),
      );
    } catch (error) {
      if (!isDescription(error)) throw error;
      this.#warnings.warn(`${causeOf(error)} Values are shown as they come, and not exported.`);
    }
  }

  #decode(reply: ReplyValue, strict: boolean, leave?: Leave): Described | Undescribed {
    try {
      // A reply that fits nothing may lack a field of what it was before.
      const struct = this.#meta && (describing(this.#meta, this.#target, reply) ?? (leave && this.#last));
      if (!this.#meta || !struct) return { schema: undefined };
      this.#last = struct;
      const schema = this.#schemas.get(struct.name) ?? schemaOf(this.#meta, struct.name);
      this.#schemas.set(struct.name, schema);
      return { values: decodeValues(schema, reply, { integers: this.#integers, strict, leave }), schema };
    } catch (error) {
      const fault = error as ScxError;
      if (isDescription(fault) || fault.code === "ERR_SCX_WIRE") return { schema: undefined, fault };
      throw error;
    }
  }
}

const EINVAL = 22;

/** Whether a server has no metadata, or none that can be used: its statistics can be had all the same. */
const isDescription = (error: unknown): boolean =>
  error instanceof ScxError &&
  (error.code === "ERR_SCX_STATS_META" || (error.code === "ERR_SCX_WIRE" && error.errno === EINVAL));
