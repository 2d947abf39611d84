// SPDX-License-Identifier: MIT
import { once } from "node:events";
import { createServer } from "node:http";
import { type AddressInfo, createServer as createStream } from "node:net";
import { expect, it, onTestFinished } from "vitest";
import { createSink, sinkFactory } from "../../../src/sinks/registry.js";
import type { SampleRecord } from "../../../src/sinks/sink.js";
import { nthRecord } from "./record.js";

/** A record that counts how often it is looked at. */
function counted() {
  const record = nthRecord(1);
  const looks = { times: 0 };
  const sample = {
    ...record.sample,
    get at() {
      looks.times++;
      return 1n;
    },
  };
  return { record: { ...record, sample } as SampleRecord, looks };
}

it.each([
  ["http", (port: number) => ({ url: `http://127.0.0.1:${port}/` })],
  ["otlp", (port: number) => ({ endpoint: `http://127.0.0.1:${port}/` })],
  ["kafka", (port: number) => ({ brokers: [`127.0.0.1:${port}`] })],
])("%s makes nothing anew of records that are tried again", async (name, options) => {
  const refusing = createServer((_, response) => response.writeHead(404).end());
  const ending = createStream((socket) => socket.destroy());
  const server = name === "kafka" ? ending : refusing;
  await once(server.listen(0, "127.0.0.1"), "listening");
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  const given = { ...options(port), retryMs: 1, retryMaxMs: 1 };
  const queue = await createSink({ name, factory: await sinkFactory(name), options: given });
  await queue.open();
  const { record, looks } = counted();
  queue.push(record);
  await expect.poll(() => queue.counts.failures).toBeGreaterThan(0);
  const { times } = looks;
  expect(times).toBeGreaterThan(0);
  const { failures } = queue.counts;
  await expect.poll(() => queue.counts.failures).toBeGreaterThan(failures + 1);
  expect(looks.times).toBe(times);
  await queue.close({ deadlineMs: 0 });
});
