// SPDX-License-Identifier: MIT
// serve.mjs PATH LAYERS MS: scxkit's server in a process of its own, as an installed scxkit has it, with the values that
// test/interop/src/bench.rs has. Ends when stdin does.
import { once } from "node:events";
import { declaredTarget, defineStats, StatsServer, stat } from "../../dist/index.js";

const [path = "", layers = "", ms = ""] = process.argv.slice(2);
const layer = defineStats("Layer", {
  name: stat.string("its name"),
  util: stat.float("share of the CPUs' time"),
  tasks: stat.u64("tasks in it"),
  local: stat.u64("tasks put straight on a CPU"),
  moved: stat.u64("tasks moved"),
});
const layered = defineStats(
  "Layered",
  { at: stat.u64("time of the reading"), layers: stat.dict("u64", stat.group(layer), "by number") },
  { top: true },
);

function values(tick) {
  const one = (i) => ({
    name: `layer ${String(i).padStart(4, "0")}`,
    util: (tick + i) / 1000,
    tasks: BigInt(1000 + i),
    local: BigInt(1_000_000_000 + tick * 1000 + i),
    moved: BigInt(1_000_000 + tick * 10 + i),
  });
  const all = Array.from({ length: Number(layers) }, (_, i) => [BigInt(1000 + i), one(i)]);
  return { at: 1_763_629_200_000_000_000n + BigInt(tick), layers: new Map(all) };
}

let tick = 0;
const top = declaredTarget(layered, () => values(tick++), { intervalMs: Number(ms) });
// Everybody may, but everybody is checked.
const allow = { users: [process.getuid()] };
const server = await StatsServer.listen({ path, targets: { top }, maxConnections: 20_000, allow });
process.stdout.write("ready\n");
process.stdin.resume();
await once(process.stdin, "end");
await server.close();
