// SPDX-License-Identifier: MIT
import { setTimeout as pause } from "node:timers/promises";
import type { ReplyValue } from "../protocol/reply.js";
import type { StatsMeta } from "../stats/meta.js";
import { topOf } from "../stats/schema_of.js";
import type { Check } from "./check.js";
import { Finding, Untold } from "./finding.js";
import { readableMeta } from "./metadata.js";
import { answer, anyRequest, ask, askValue, requestLine, type ServerUnderTest } from "./server.js";

/** How many connections a server is asked to serve side by side. */
const several = 16;

/** How many requests a client sends that reads none of their replies. */
const unread = 2000;

/** What clients have to do with each other: nothing. */
export const sessionChecks: readonly Check[] = [
  {
    name: "several-clients",
    rule: `${several} connections are served side by side`,
    async run(server) {
      const wires = await Promise.all(Array.from({ length: several }, () => server.connect()));
      await Promise.all(wires.map((wire) => askValue(wire, anyRequest)));
      await Promise.all(wires.map((wire) => askValue(wire, anyRequest)));
    },
  },
  {
    name: "own-baseline",
    rule: "a new connection is told all that was counted, whatever others were told before",
    async run(server) {
      const counters = countersOf(await readableMeta(server));
      const told = await targets(server);
      let seen = false;
      for (const target of told) {
        const [first, second] = [await firstReply(server, target), await firstReply(server, target)];
        for (const name of counters) {
          const [before, now] = [first[name], second[name]];
          if (typeof before !== "bigint" || typeof now !== "bigint") continue;
          seen ||= before > 0n;
          if (now < before)
            throw new Finding(`Target ${target}: ${name} was ${before} for one connection, ${now} for the next one.`);
        }
      }
      if (!seen) throw new Untold("no field that is marked as a counter has counted anything");
    },
  },
  {
    name: "slow-reader",
    rule: "a client that asks and doesn't read keeps nobody else waiting, and gets its replies when it reads",
    async run(server) {
      const [slow, other] = [await server.connect(), await server.connect()];
      slow.pause();
      slow.send(anyRequest.repeat(unread));
      // Long enough for a server to run into it.
      for (let until = performance.now() + 300; performance.now() < until; await pause(5))
        await askValue(other, anyRequest);
      slow.resume();
      for (let i = 0; i < 10; i++) await answer(slow);
    },
  },
  {
    name: "partial-request",
    rule: "a client that has sent half a request keeps nobody else waiting",
    async run(server) {
      const [half, other] = [await server.connect(), await server.connect()];
      half.send('{"req":"sta');
      await askValue(other, anyRequest);
      half.send('ts_meta"}\n');
      await answer(half);
    },
  },
  {
    name: "abort",
    rule: "a client that goes away in the middle of a request or reply disturbs nobody, and new ones are served",
    async run(server) {
      const other = await server.connect();
      for (const sent of ['{"req":"sta', anyRequest.repeat(100)]) {
        const wire = await server.connect();
        wire.send(sent);
        await askValue(other, anyRequest);
        wire.destroy();
      }
      await askValue(other, anyRequest);
      await askValue(await server.connect(), anyRequest);
    },
  },
];

/** Those fields of the top struct that are marked as counters. */
function countersOf(meta: StatsMeta): string[] {
  const fields = [...(topOf(meta)?.fields ?? [])];
  return fields.filter(([, field]) => field.user?._scx_kind === "counter").map(([name]) => name);
}

/** The targets that tell of counters: `top`, and ours beside it. */
async function targets(server: ServerUnderTest): Promise<string[]> {
  const wire = await server.connect();
  const delta = await ask(wire, requestLine("stats", { target: "delta" }));
  return delta.errno === 0 ? ["top", "delta"] : ["top"];
}

async function firstReply(server: ServerUnderTest, target: string): Promise<Record<string, ReplyValue>> {
  const { resp } = await askValue(await server.connect(), requestLine("stats", { target }));
  return (typeof resp === "object" ? (resp ?? {}) : {}) as Record<string, ReplyValue>;
}
