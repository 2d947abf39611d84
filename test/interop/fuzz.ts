// SPDX-License-Identifier: MIT
// fuzz.ts LINES: sends mutated request lines to our server and, where cargo is there, to upstream's, which is to give the
// same errno and, where that is 0, the same bytes. Memory may not grow. Prints how many of each errno there were.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { StatsServer } from "../../src/protocol/server.js";
import { mutants } from "../unit/protocol/mutant.js";
import { RawPeer } from "../unit/protocol/peer.js";
import { buildPeer, servePeer } from "./cargo.js";
import { exampleTargets } from "./example.js";
import { heldAgainst } from "./held.js";

const lines = Number(process.argv[2]);
setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;
const heap = () => {
  collect();
  return process.memoryUsage().heapUsed + process.memoryUsage().external;
};

const folder = mkdtempSync(join(tmpdir(), "scxkit-"));
const built = await buildPeer("release");
if ("missing" in built) process.stderr.write(`fuzz: without upstream's server: ${built.missing}\n`);
const theirs = "program" in built ? await servePeer(built.program, join(folder, "theirs")) : undefined;
const server = await StatsServer.listen({ path: join(folder, "ours"), targets: exampleTargets });
const peers = {
  ours: await RawPeer.connect(server.path),
  theirs: theirs && (await RawPeer.connect(join(folder, "theirs"))),
};
const seen = new Map<number, number>();
const source = mutants(0x9e3779b9);
let before = 0;
for (let done = 0; done < lines; ) {
  const batch = Array.from({ length: Math.min(500, lines - done) }, () => source.next().value as Buffer);
  for (const errno of await heldAgainst(batch, peers.ours, peers.theirs)) seen.set(errno, (seen.get(errno) ?? 0) + 1);
  done += batch.length;
  if (before === 0 && done >= lines / 5) before = heap();
}
const grown = heap() - before;
process.stdout.write(
  `${JSON.stringify({ lines, errno: Object.fromEntries(seen), grownKB: Math.round(grown / 1024) })}\n`,
);
peers.ours.socket.destroy();
peers.theirs?.socket.destroy();
await server.close();
await theirs?.stop();
rmSync(folder, { recursive: true, force: true });
// Buffers come and go by the megabyte. A leak of ten bytes a line would be ten in the million of make fuzz.
if (grown > 2 ** 23) throw new Error(`${grown} bytes more are in use after ${lines} lines`);
