// SPDX-License-Identifier: MIT
// One of several processes that want the same path at once: for each line that comes in, a path, it tells whether it got
// it, or what it was told; an empty line lets go of it.
import { createInterface } from "node:readline";
import { StatsServer } from "../../../src/protocol/server.js";

let server: StatsServer | undefined;
process.stdout.write("ready\n");
for await (const path of createInterface(process.stdin)) {
  let outcome = "closed";
  if (path === "") {
    await server?.close();
    server = undefined;
  } else {
    try {
      server = await StatsServer.listen({
        path,
        targets: { top: { open: () => ({ read: () => BigInt(process.pid) }) } },
      });
      outcome = "won";
    } catch (error) {
      outcome = (error as Error).message.split("\n")[0] as string;
    }
  }
  process.stdout.write(`${outcome}\n`);
}
