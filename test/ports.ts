// SPDX-License-Identifier: MIT
import { randomInt } from "node:crypto";
import { once } from "node:events";
import { createServer, type Server } from "node:net";

/**
 * Ports that were free a moment ago, for who can't choose one and say which it is. They are below those that the kernel
 * gives to connections, so that none takes them meanwhile.
 */
export async function freePorts(count: number): Promise<number[]> {
  const listening = new Map<number, Server>();
  while (listening.size < count) {
    const port = randomInt(10_000, 32_000);
    if (listening.has(port)) continue;
    const server = createServer();
    const isFree = once(server, "listening").then(
      () => true,
      () => false,
    );
    server.listen(port, "127.0.0.1");
    if (await isFree) listening.set(port, server);
  }
  await Promise.all([...listening.values()].map((server) => new Promise((resolve) => server.close(resolve))));
  return [...listening.keys()];
}
