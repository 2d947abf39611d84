// SPDX-License-Identifier: MIT
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { createSink, sinkFactory } from "../../../src/sinks/registry.js";
import { makeCertificate } from "./certificate.js";

const folder = mkdtempSync(join(tmpdir(), "scxkit-kafka-"));
afterAll(() => rmSync(folder, { recursive: true }));
const { certFile, keyFile } = makeCertificate(folder);
const noPem = join(folder, "no.pem");
writeFileSync(noPem, "no certificate\n");

const created = async (options: object) =>
  createSink({ name: "kafka", factory: await sinkFactory("kafka"), options: { brokers: ["h:9092"], ...options } });

it.each<[string, object, RegExp]>([
  ["a broker without a port", { brokers: ["h"] }, /^Sink kafka: "h" is no broker\.\nGive HOST:PORT/],
  ["no broker", { brokers: [""] }, /"" is no broker/],
  ["a port that is none", { brokers: ["h:1,h:99999"] }, /"h:99999" is no broker/],
  ["a broker with blanks", { brokers: ["h: 1"] }, /is no broker/],
  ["a topic without a name", { topic: "" }, /"topic" must match pattern/],
  ["a topic of other characters", { topic: "a/b" }, /"topic" must match pattern/],
  ["a topic of dots", { topic: ".." }, /"topic" must match pattern/],
  ["a password for nobody", { password: "x" }, /must have property username/],
  ["a name without a password", { saslMechanism: "PLAIN", username: "x" }, /there is no password to log in with/],
  ["a certificate that is none", { certFile: noPem, keyFile }, /can't use the certificate or its key/],
  ["an authority that is none", { caFile: noPem }, /can't use the certificate or its key/],
  ["files that aren't there", { caFile: join(folder, "none") }, /can't be read: ENOENT/],
])("%s is refused at once", async (_, options, message) => {
  await expect(created(options)).rejects.toThrow(message);
});

it("certificate, key and addresses of any kind are taken", async () => {
  const brokers = ["h:9092", "[::1]:9092", "127.0.0.1:9092,other:9093"];
  await created({ brokers, certFile, keyFile, caFile: certFile });
});
