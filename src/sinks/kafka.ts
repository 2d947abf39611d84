// SPDX-License-Identifier: MIT
import { X509Certificate } from "node:crypto";
import { isIP } from "node:net";
import { createSecureContext } from "node:tls";
import type { GenericError, Producer, ProducerOptions } from "@platformatic/kafka";
import { ScxError } from "../error.js";
import { readFile } from "../read_file.js";
import { peerAddress } from "./address.js";
import { documentOf } from "./document.js";
import { withHost } from "./host.js";
import { inTurns } from "./in_turns.js";
import { loadPeer } from "./peer.js";
import { loadProtobuf } from "./protobuf.js";
import { readSecret, withCertificate } from "./secret.js";
import { type OptionsSchema, type Sink, type SinkFactory, type SinkRecord, SinkRefusal } from "./sink.js";

/** The Kafka sink's own options. */
export interface KafkaOptions {
  brokers: string[];
  topic: string;
  createTopic: boolean;
  format: "json" | "protobuf";
  compression: "none" | "gzip" | "snappy" | "lz4";
  key: string;
  clientId: string;
  maxBytes: number;
  tls: boolean;
  caFile?: string;
  certFile?: string;
  keyFile?: string;
  saslMechanism?: "PLAIN" | "SCRAM-SHA-256" | "SCRAM-SHA-512";
  username?: string;
  password?: string;
  passwordFile?: string;
}

const text = (description: string, rest: object = {}) => ({ type: "string", description, ...rest });

const options: OptionsSchema = {
  required: ["brokers"],
  properties: {
    brokers: {
      type: "array",
      items: { type: "string" },
      minItems: 1,
      description: "brokers to ask first, HOST:PORT each",
    },
    // As brokers have it (org.apache.kafka.common.internals.Topic).
    topic: text("the topic", { default: "scxkit", pattern: "^(?!\\.{1,2}$)[a-zA-Z0-9._-]{1,249}$" }),
    createTopic: {
      type: "boolean",
      default: true,
      description: "whether a broker that allows it may create the topic",
    },
    format: text("what a message is", { enum: ["json", "protobuf"], default: "json" }),
    compression: text("of batches", { enum: ["none", "gzip", "snappy", "lz4"], default: "none" }),
    key: text("the label whose value is a message's key; without that label the host", { default: "host" }),
    clientId: text("what the brokers' logs call it", { default: "scxkit" }),
    maxBytes: {
      type: "integer",
      minimum: 1,
      default: 900_000,
      description: "of one batch; the broker's message.max.bytes is above",
    },
    tls: { type: "boolean", default: false, description: "encrypts; so does each of the files" },
    caFile: text("PEM file of who signs the brokers' certificates, unless the system knows them"),
    certFile: text("PEM file of our certificate, where brokers ask for one"),
    keyFile: text("PEM file of its key"),
    saslMechanism: text("how to log in", { enum: ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] }),
    username: text("to log in with"),
    password: text("to log in with"),
    passwordFile: text("a file with the password, which a command line would show to everybody"),
  },
  dependentRequired: {
    certFile: ["keyFile"],
    keyFile: ["certFile"],
    saslMechanism: ["username"],
    username: ["saslMechanism"],
    password: ["username"],
    passwordFile: ["username"],
  },
};

/** A message, with what counts for its batch. */
interface Message {
  readonly topic: string;
  readonly key: Buffer;
  readonly value: Buffer;
  readonly timestamp: bigint;
}

/** How far a write came. */
interface Tried {
  readonly records: readonly SinkRecord[];
  /** The same for each try. */
  readonly batches: readonly Message[][];
  /** How many of them are delivered. */
  sent: number;
  /** Records that the broker refused, and why. */
  refused: number;
  refusal: string;
}

/** Bytes that a message takes in a batch besides its key and value: at most that. */
const overhead = 40;

/** Answers of a broker that no longer knows who we are or what we sent last: only a new producer gets on from there. */
const forgotten = [
  "OUT_OF_ORDER_SEQUENCE_NUMBER",
  "INVALID_PRODUCER_EPOCH",
  "INVALID_PRODUCER_ID_MAPPING",
  "UNKNOWN_PRODUCER_ID",
];

/** Answers that no retry changes: too large, an hour or more in the broker's future. */
const refusals = ["MESSAGE_TOO_LARGE", "RECORD_LIST_TOO_LARGE", "INVALID_TIMESTAMP", "INVALID_RECORD"];

/**
 * Sends each record as one message, keyed by host, so that those of a host stay in order in one partition.
 *
 * The producer is idempotent. Its batches have sequence numbers, and one that failed is sent again as it was, under its own
 * number: the broker knows it if it has it already. So over lost answers and restarts of the broker nothing comes twice or is
 * missing. A batch may come twice only when a new producer has to follow: the broker lost what it knew (a power cut), or the run ended
 * while it didn't answer.
 */
class KafkaSink implements Sink {
  readonly #options: KafkaOptions;
  readonly #settings: ProducerOptions<Buffer, Buffer, Buffer, Buffer>;
  #valueOf: (record: SinkRecord) => Buffer = (record) => Buffer.from(documentOf(record));
  #newProducer: () => Producer<Buffer, Buffer, Buffer, Buffer> = () => {
    throw new Error("the sink isn't open");
  };
  #producer: Producer<Buffer, Buffer, Buffer, Buffer> | undefined;
  /** The last write, unless it came to its end. */
  #tried: Tried | undefined;

  constructor(options: KafkaOptions) {
    this.#options = options;
    this.#settings = producerOptions(options);
  }

  async open(): Promise<void> {
    const { Producer } = await loadPeer("kafka", "@platformatic/kafka@1", () => import("@platformatic/kafka"));
    if (this.#options.format === "protobuf") this.#valueOf = await loadProtobuf("kafka");
    this.#newProducer = () => new Producer({ ...this.#settings });
  }

  async write(records: readonly SinkRecord[], signal: AbortSignal): Promise<void> {
    if (this.#tried?.records !== records) {
      // Those were given up, and their sequence numbers must not go to others: the broker might know these already.
      if (this.#tried) this.#discard();
      this.#tried = undefined;
      this.#tried = { records, batches: await this.#batches(records), sent: 0, refused: 0, refusal: "" };
    }
    const tried = this.#tried;
    for (const batch of tried.batches.slice(tried.sent)) {
      signal.throwIfAborted(); // nothing would end what begins now
      await this.#send(batch, tried, signal);
      tried.sent++;
    }
    this.#tried = undefined;
    if (tried.refused > 0) throw new SinkRefusal(tried.refusal, tried.refused);
  }

  async close(): Promise<void> {
    await this.#producer?.close(true);
    this.#producer = undefined;
  }

  /** One has one key, and so is written whole or not at all. */
  async #batches(given: readonly SinkRecord[]): Promise<Message[][]> {
    const { topic, key, maxBytes } = this.#options;
    const batches: Message[][] = [];
    let bytes = 0;
    const records = given.map(withHost);
    const values = await inTurns(records, this.#valueOf);
    for (const [i, record] of records.entries()) {
      const at = record.type === "sample" ? record.sample.at : record.at;
      const host = Buffer.from(record.labels[key] ?? record.labels.host ?? "");
      const message = { topic, key: host, value: values[i] as Buffer, timestamp: at / 1_000_000n };
      const size = host.length + message.value.length + overhead;
      const last = batches.at(-1);
      if (last?.[0] && goesWith(message, last[0]) && bytes + size <= maxBytes) {
        last.push(message);
        bytes += size;
      } else {
        batches.push([message]);
        bytes = size;
      }
    }
    return batches;
  }

  async #send(messages: Message[], tried: Tried, signal: AbortSignal): Promise<void> {
    this.#producer ??= this.#newProducer();
    const { compression, createTopic } = this.#options;
    const giveUp = () => this.#discard();
    signal.addEventListener("abort", giveUp);
    try {
      await this.#producer.send({ messages, compression, autocreateTopics: createTopic });
    } catch (error) {
      if (refusals.some((id) => isOf(error, id))) {
        tried.refused += messages.length;
        tried.refusal = causeOf(error);
        return;
      }
      if (forgotten.some((id) => isOf(error, id))) this.#discard();
      throw new Error(causeOf(error), { cause: error });
    } finally {
      signal.removeEventListener("abort", giveUp);
    }
  }

  /** Closes the producer, which also ends what it is doing. The next one numbers from the beginning, under another identity. */
  #discard(): void {
    const old = this.#producer;
    this.#producer = undefined;
    // There may be nobody to say goodbye to.
    Promise.resolve(old?.close(true)).catch(() => {});
  }
}

/** Times within a batch are 31 bits apart at most: the client's encoding goes wrong there, as where a clock was set at boot. */
const goesWith = (message: Message, first: Message): boolean =>
  message.key.equals(first.key) &&
  BigInt.asIntN(32, message.timestamp - first.timestamp) === message.timestamp - first.timestamp;

const usage = (message: string, remedy: string) =>
  new ScxError("ERR_SCX_USAGE", { op: "sink", message: `Sink kafka: ${message}.`, remedy });

/** @throws ScxError ERR_SCX_USAGE for what a schema can't say, and those of files that can't be read */
function producerOptions(options: KafkaOptions): ProducerOptions<Buffer, Buffer, Buffer, Buffer> {
  const { brokers, clientId, saslMechanism: mechanism, username = "", password, passwordFile } = options;
  const { tls, caFile, certFile, keyFile } = options;
  const file = (path: string) => readFile(`Sink kafka: ${path}`, path);
  const secret = passwordFile === undefined ? (password ?? "") : readSecret("kafka", passwordFile);
  const bootstrapBrokers = brokers.flatMap((broker) => broker.split(","));
  const wrong = bootstrapBrokers.find((broker) => peerAddress(broker) === undefined);
  if (wrong !== undefined) throw usage(`"${wrong}" is no broker`, "Give HOST:PORT: 127.0.0.1:9092, [::1]:9092.");
  if (mechanism && secret === "")
    throw usage("there is no password to log in with", "Give passwordFile, or in a config password.");
  const encrypted = (tls || caFile || certFile) && {
    ...(caFile && { ca: file(caFile) }),
    ...(certFile && { cert: file(certFile) }),
    ...(keyFile && { key: file(keyFile) }),
  };
  if (encrypted)
    withCertificate("kafka", () => {
      createSecureContext(encrypted);
      if (encrypted.ca) new X509Certificate(encrypted.ca); // which else is as none
    });
  return {
    clientId,
    bootstrapBrokers,
    idempotent: true,
    // Whoever is asked for an answer gives it sooner than the queue gives up; further tries are the queue's. Fewer than two would be without end.
    connectTimeout: 3000,
    timeout: 3000,
    requestTimeout: 4000,
    retries: 2,
    retryDelay: 100,
    metadataMaxAge: 60_000,
    ...(encrypted && {
      tls: encrypted,
      // An address is no name to ask for.
      tlsServerName: !bootstrapBrokers.some((broker) => isIP(peerAddress(broker)?.host ?? "")),
    }),
    ...(mechanism && { sasl: { mechanism, username, password: secret } }),
  };
}

const isOf = (error: unknown, id: string): boolean => Boolean((error as Partial<GenericError>).findBy?.("apiId", id));

/** What went wrong at last, and why: errors of several tries and brokers are lists of lists. */
function causeOf(error: unknown): string {
  const { errors, message, cause } = error as AggregateError;
  const last: unknown = errors?.at(-1);
  if (last !== undefined) return causeOf(last);
  if (cause instanceof Error) return `${message.replace(/\.$/, "")}: ${causeOf(cause)}`;
  // All that the client knows when a broker turns us away so, TLS' own word for it included.
  return message === "Connection closed" ? `${message} (it may want TLS, a login, or a certificate of ours)` : message;
}

/** A Kafka topic, by an idempotent producer. */
export const sink: SinkFactory<KafkaOptions> = {
  options,
  address: "brokers",
  create: (given) => new KafkaSink(given),
};
