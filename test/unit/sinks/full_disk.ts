// SPDX-License-Identifier: MIT
// Fills the small disk at the folder given, writes lines to it, makes room as operators do, and looks for all of them.

import { readFileSync, rmSync, statfsSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { LineFile } from "../../../src/sinks/line_file.js";
import { LineSink } from "../../../src/sinks/line_sink.js";
import { SinkQueue } from "../../../src/sinks/queue.js";
import { nthRecord } from "./record.js";

const folder = process.argv[2] as string;
const [filler, out] = [join(folder, "filler"), join(folder, "out")];
const { bsize, bavail } = statfsSync(folder);
writeFileSync(filler, Buffer.alloc(bsize * (bavail - 2)));
const line = (n: bigint) => `${n} ${"x".repeat(90)}`;
const sink = new LineSink(new LineFile("x", out, { keep: 0 }), (record) =>
  line(record.type === "sample" ? record.sample.at : 0n),
);
const queue = new SinkQueue("x", sink, { batch: 10, retryMs: 1, retryMaxMs: 1 });
await queue.open();
for (let n = 1; n <= 300; n++) queue.push(nthRecord(n));
const failed = async () => {
  const failures = queue.counts.failures + 2;
  while (queue.counts.failures < failures) await new Promise(setImmediate);
};
let written = "";
for (let n = 0; n < 2; n++) {
  await failed();
  written += readFileSync(out, "utf8");
  truncateSync(out);
}
await failed();
rmSync(filler);
await queue.close();
written += readFileSync(out, "utf8");
const expected = Array.from({ length: 300 }, (_, i) => `${line(BigInt(i + 1))}\n`).join("");
process.stdout.write(written === expected ? "ok\n" : `wrong: ${JSON.stringify(written)}\n`);
