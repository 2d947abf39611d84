// SPDX-License-Identifier: MIT
// A Kafka broker of one node (KRaft), from its published jars.

import { createHash } from "node:crypto";
import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePorts } from "../ports.js";
import { cachedFolder, type Missing, type Peer, run, runBytes, startPeer } from "./peer.js";

/** What the broker of the pom needs. */
const leastJava = 17;

/** The folder with the jars, or why there is none here. */
export async function fetchKafka(): Promise<{ jars: string } | Missing> {
  const java = await run("java", ["-version"]);
  const version = Number(/version "(\d+)/.exec(java.stderr)?.[1] ?? 0);
  if (version < leastJava) return { missing: `Kafka needs Java ${leastJava} or newer` };
  if ((await run("openssl", ["version"])).status !== 0) return { missing: "its certificate is made by openssl" };
  const pom = readFileSync(join(import.meta.dirname, "kafka/pom.xml"));
  const got = await cachedFolder(
    `kafka-${createHash("sha256").update(pom).digest("hex").slice(0, 12)}`,
    async (folder) => {
      writeFileSync(join(folder, "pom.xml"), pom);
      const copied = await run(
        "mvn",
        [
          "-q",
          "-B",
          "--strict-checksums",
          "dependency:copy-dependencies",
          "-DincludeScope=runtime",
          "-DoutputDirectory=jars",
        ],
        { cwd: folder },
      );
      if (copied.status === 0) return undefined;
      return { missing: `Maven can't fetch it: ${(copied.stdout + copied.stderr).trim().split("\n")[0]}` };
    },
  );
  return "missing" in got ? got : { jars: join(got.folder, "jars") };
}

/** A broker of a test's own, on ports that it keeps when it is started again. */
export interface KafkaBroker {
  /** HOST:PORT */
  readonly address: string;
  /** A second port, for whom the broker is at {@link startKafka}'s `proxy`. */
  readonly behind: number;
  /** HOST:PORT where it wants TLS and {@link login}, by any of its mechanisms, and the file of its certificate. */
  readonly secure: { readonly address: string; readonly certificate: string };
  /** HOST:PORT where it wants TLS and this certificate: the files of it and its key. */
  readonly mutual: { readonly address: string; readonly certFile: string; readonly keyFile: string };
  readonly pid: number;
  /** Bytes that it keeps of a topic. */
  bytes(topic: string): number;
  /** SIGKILL: what it had not written is lost. */
  kill(): Promise<void>;
  /** Starts it again with what it had; resolves when it serves. */
  restart(): Promise<void>;
  /** Ends it and removes what it had. */
  stop(): Promise<void>;
}

/**
 * Starts a broker.
 * @param proxy the port of a proxy: whoever comes through it to `behind` is told that the broker is there
 */
export async function startKafka(jars: string, proxy?: number): Promise<KafkaBroker> {
  const folder = mkdtempSync(join(tmpdir(), "scxkit-kafka-"));
  const ports = await freePorts(5);
  const [port, controller, behind, secure, mutual] = ports as [number, number, number, number, number];
  const certificate = join(folder, "certificate.pem");
  await selfSigned("broker", join(folder, "broker.pem"), certificate);
  const [keyFile, certFile] = [join(folder, "client.pem"), join(folder, "client-certificate.pem")];
  await selfSigned("client", keyFile, certFile);
  const pem = (listener: string) => ({
    [`listener.name.${listener}.ssl.keystore.type`]: "PEM",
    [`listener.name.${listener}.ssl.keystore.location`]: join(folder, "broker.pem"),
  });
  const knows = (listener: string, mechanism: string, module: string, rest = "") => ({
    [`listener.name.${listener}.${mechanism}.sasl.jaas.config`]: `org.apache.kafka.common.security.${module} required${rest};`,
  });
  const properties = {
    "process.roles": "broker,controller",
    "node.id": 1,
    "controller.quorum.voters": `1@127.0.0.1:${controller}`,
    "controller.listener.names": "CONTROLLER",
    "inter.broker.listener.name": "DIRECT",
    "listener.security.protocol.map":
      "DIRECT:PLAINTEXT,PROXIED:PLAINTEXT,SECURE:SASL_SSL,MUTUAL:SSL,CONTROLLER:PLAINTEXT",
    ...pem("secure"),
    "listener.name.secure.sasl.enabled.mechanisms": "PLAIN,SCRAM-SHA-256,SCRAM-SHA-512",
    ...knows("secure", "plain", "plain.PlainLoginModule", ` user_${login.username}="${login.password}"`),
    ...knows("secure", "scram-sha-256", "scram.ScramLoginModule"),
    ...knows("secure", "scram-sha-512", "scram.ScramLoginModule"),
    ...pem("mutual"),
    "listener.name.mutual.ssl.client.auth": "required",
    "listener.name.mutual.ssl.truststore.type": "PEM",
    "listener.name.mutual.ssl.truststore.location": certFile,
    listeners: places({ DIRECT: port, PROXIED: behind, SECURE: secure, MUTUAL: mutual, CONTROLLER: controller }),
    "advertised.listeners": places({ DIRECT: port, PROXIED: proxy ?? behind, SECURE: secure, MUTUAL: mutual }),
    "log.dirs": join(folder, "data"),
    "offsets.topic.replication.factor": 1,
    // Samples of tests are of any time.
    "log.retention.ms": -1,
    // A broker that was killed is let in again when its last session is over.
    "broker.session.timeout.ms": 4000,
    "broker.heartbeat.interval.ms": 500,
    "group.initial.rebalance.delay.ms": 0,
  };
  const file = join(folder, "server.properties");
  writeFileSync(
    file,
    Object.entries(properties)
      .map(([name, value]) => `${name}=${value}\n`)
      .join(""),
  );
  // It starts in half the time when the compiler doesn't try its best.
  const java = (main: string) => [
    "-Xmx512m",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-Dlog4j2.level=INFO",
    "-cp",
    `${jars}/*`,
    main,
  ];
  const format = ["format", "--cluster-id", "c2N4a2l0LXRlc3RzLTAwMA", "--config", file];
  for (const mechanism of ["SCRAM-SHA-256", "SCRAM-SHA-512"])
    format.push("--add-scram", `${mechanism}=[name=${login.username},password="${login.password}"]`);
  const formatted = await run("java", [...java("kafka.tools.StorageTool"), ...format]);
  if (formatted.status !== 0)
    throw new Error(`kafka.tools.StorageTool failed:\n${formatted.stdout}${formatted.stderr}`);
  let broker: Peer;
  const start = async () => {
    const ready = (output: string) => (output.includes("Kafka Server started") ? true : undefined);
    broker = (await startPeer("java", [...java("kafka.Kafka"), file], ready, { cwd: folder })).peer;
  };
  await start();
  return {
    address: `127.0.0.1:${port}`,
    behind,
    secure: { address: `127.0.0.1:${secure}`, certificate },
    mutual: { address: `127.0.0.1:${mutual}`, certFile, keyFile },
    get pid() {
      return broker.pid;
    },
    bytes(topic) {
      const data = join(folder, "data");
      const logs = readdirSync(data).filter((name) => name.startsWith(`${topic}-`));
      const files = logs.flatMap((log) => readdirSync(join(data, log)).map((name) => join(data, log, name)));
      return files.filter((file) => file.endsWith(".log")).reduce((all, file) => all + statSync(file).size, 0);
    },
    kill: () => broker.kill(),
    restart: start,
    async stop() {
      await broker.kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

const places = (ports: Record<string, number>): string =>
  Object.entries(ports)
    .map(([name, port]) => `${name}://127.0.0.1:${port}`)
    .join(",");

/** Who may log in. */
export const login = { username: "lab", password: "a secret" };

/** Makes a key and a certificate for 127.0.0.1: both in one file, and the certificate alone. */
async function selfSigned(name: string, both: string, certificate: string): Promise<void> {
  const subject = ["-subj", `/CN=${name}`, "-addext", "subjectAltName=IP:127.0.0.1"];
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", both];
  const made = await run("openssl", ["req", "-x509", "-days", "2", ...subject, ...key, "-out", certificate]);
  if (made.status !== 0) throw new Error(`openssl failed:\n${made.stderr}`);
  appendFileSync(both, readFileSync(certificate));
}

/** The first messages of a topic, read by Kafka's own consumer: their keys and values. */
export async function readKafka(
  jars: string,
  broker: KafkaBroker,
  topic: string,
  count: number,
): Promise<[string, Buffer][]> {
  // Bytes that neither a key nor a value of ours has, protobuf included: it is told apart by all of them.
  const [between, behind] = ["<|key|>", "<|end|>"];
  const shown = { "print.key": true, "key.separator": between, "line.separator": behind };
  const { status, stdout, stderr } = await runBytes("java", [
    ...[
      "-XX:+UseSerialGC",
      "-XX:TieredStopAtLevel=1",
      "-cp",
      `${jars}/*`,
      "org.apache.kafka.tools.consumer.ConsoleConsumer",
    ],
    ...["--bootstrap-server", broker.address, "--topic", topic, "--from-beginning"],
    ...["--max-messages", `${count}`, "--timeout-ms", "60000"],
    ...Object.entries(shown).flatMap(([name, value]) => ["--formatter-property", `${name}=${value}`]),
  ]);
  if (status !== 0) throw new Error(`Kafka's consumer: ${stderr}`);
  const messages = stdout.toString("latin1").split(behind).slice(0, -1);
  if (messages.length !== count) throw new Error(`topic ${topic} has ${messages.length} messages, not ${count}`);
  return messages.map((message) => {
    const [key = "", value = ""] = message.split(between);
    return [key, Buffer.from(value, "latin1")];
  });
}
