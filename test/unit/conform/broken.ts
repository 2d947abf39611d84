// SPDX-License-Identifier: MIT
import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { declaredTarget } from "../../../src/protocol/declared.js";
import { StatsServer } from "../../../src/protocol/server.js";
import { defineStats } from "../../../src/stats/define.js";
import * as stat from "../../../src/stats/stat.js";
import { RawPeer, scratch } from "../protocol/peer.js";

/** How a server breaks a rule. What isn't said it does as it should. */
export interface Fault {
  /** Gives the reply to a line in place of the right one; undefined cuts the connection. */
  reply?: (line: string, right: string, at: Client) => string | undefined;
  /** Takes what has come apart into lines, the last one unfinished. */
  lines?: (text: string) => string[];
  /** When the client closes its side. */
  end?: (socket: Socket, rest: string) => void;
  /** Before anything is done with what has come; true leaves it lying. */
  received?: (at: Client, text: string) => boolean;
}

/** One connection of a broken server. */
export interface Client {
  id: number;
  socket: Socket;
  /** What all connections of this server share. */
  shared: { stalled: boolean; errors: number };
}

const domain = defineStats("domain", { name: stat.string(), load: stat.float(), tasks: stat.u64() });
const cluster = defineStats(
  "cluster",
  {
    at: stat.u64(),
    moved: stat.counter(),
    low: stat.i64(),
    bitmap: stat.array(stat.u64()),
    domains: stat.dict("u64", stat.group(domain)),
  },
  { top: true },
);

/** A server of ours with every kind of value, a counter that has counted, and a target with baselines. */
export async function soundServer(): Promise<StatsServer> {
  const top = declaredTarget(cluster, () => ({
    at: 2n ** 64n - 1n,
    moved: 3n,
    low: -5n,
    bitmap: [1n, 2n],
    domains: new Map([
      [3n, { name: "ä", load: 1, tasks: 1n }],
      [10n, { name: "b", load: 0.25, tasks: 2n }],
    ]),
  }));
  const delta = {
    open: () => {
      let base = 0n;
      return {
        read: () => {
          const moved = 3n - base;
          base = 3n;
          return { at: 1n, moved };
        },
      };
    },
  };
  const path = join(scratch(onTestFinished), "sound");
  const server = await StatsServer.listen({ path, targets: { top, delta } });
  onTestFinished(() => server.close());
  return server;
}

/** A server that passes everything on to a sound one, but for one fault. Gives its path. */
export async function brokenServer(fault: Fault): Promise<string> {
  const sound = await soundServer();
  const shared = { stalled: false, errors: 0 };
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    void serve({ id: sockets.size, socket, shared }, fault, sound.path);
  });
  const path = join(scratch(onTestFinished), "broken");
  server.listen(path);
  await once(server, "listening");
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return path;
}

async function serve(client: Client, fault: Fault, sound: string): Promise<void> {
  const { socket } = client;
  socket.on("error", () => {});
  const lines = fault.lines ?? ((text: string) => text.split("\n"));
  let rest = "";
  const peer = RawPeer.connect(sound);
  let work: Promise<unknown> = peer.catch(() => {}); // a test that has ended has taken the sound one along
  socket.once(
    "close",
    () =>
      void peer.then(
        ({ socket: inner }) => inner.destroy(),
        () => {},
      ),
  );
  const answer = async (line: string) => {
    // latin1 all the way: bytes that are no UTF-8 have to get through.
    const right = await (await peer).ask(Buffer.from(`${line}\n`, "latin1"));
    const given = (fault.reply ?? ((_, same) => same))(line, right, client);
    if (given === undefined) socket.destroy();
    else socket.write(given === "" ? "" : `${given}\n`);
  };
  socket.on("data", (chunk) => {
    const text = chunk.toString("latin1");
    if (fault.received?.(client, text)) return;
    const found = lines(rest + text);
    rest = found.pop() ?? "";
    for (const line of found) work = work.then(() => answer(line));
  });
  socket.once("end", () => {
    void work.then(async () => {
      if (fault.end) fault.end(socket, rest);
      else {
        if (rest !== "") await answer(rest);
        socket.end();
      }
    });
  });
}
