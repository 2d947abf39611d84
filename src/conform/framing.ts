// SPDX-License-Identifier: MIT
import { setTimeout as pause } from "node:timers/promises";
import type { Check } from "./check.js";
import { Finding } from "./finding.js";
import { answer, anyRequest, ask, askValue, requestLine } from "./server.js";

/** How bytes are cut into requests, and replies into bytes. */
export const framingChecks: readonly Check[] = [
  {
    name: "one-reply",
    rule: 'a request gets one line back: {"errno":…,"args":{"resp":…}}',
    async run(server) {
      const wire = await server.connect();
      await askValue(wire, anyRequest);
      wire.end();
      if (!(await wire.ends())) throw new Finding("The server sent a second line.");
    },
  },
  {
    name: "crlf",
    rule: "a line may end with CR LF, and have spaces around its JSON",
    async run(server) {
      const wire = await server.connect();
      await askValue(wire, ` ${anyRequest.trimEnd()} \r\n`);
    },
  },
  {
    name: "many-in-one-write",
    rule: "requests that arrive together are each answered, in their order",
    async run(server) {
      const wire = await server.connect();
      const requests = [anyRequest, requestLine("scxkit-unknown"), anyRequest, "not json\n", anyRequest];
      wire.send(requests.join(""));
      const refused: boolean[] = [];
      for (const _ of requests) refused.push((await answer(wire)).errno !== 0);
      if (refused.join() !== "false,true,false,true,false")
        throw new Finding("The replies came in another order than the requests.");
    },
  },
  {
    name: "one-in-many-writes",
    rule: "a request may arrive in pieces, cut anywhere",
    async run(server) {
      const wire = await server.connect();
      const bytes = Buffer.from(requestLine("stats_meta", { "scxkit-ä": "€" }));
      const cut = bytes.indexOf("ä") + 1;
      for (const [from, to] of [
        [0, 1],
        [1, cut],
        [cut, bytes.length],
      ] as const) {
        wire.send(bytes.subarray(from, to));
        // Pieces that are written at once may arrive as one.
        await pause(20);
      }
      const { errno } = await answer(wire);
      if (errno !== 0) throw new Finding(`The server answered with errno ${errno} where a value should come.`);
    },
  },
  {
    name: "last-line",
    rule: "where the client closes its side, the last line needs no newline and is answered",
    async run(server) {
      const wire = await server.connect();
      wire.send(anyRequest.trimEnd());
      wire.end();
      await answer(wire);
    },
  },
  {
    name: "half-close",
    rule: "what was asked before the client closed its side is answered; then the server ends the connection",
    async run(server) {
      const wire = await server.connect();
      wire.send(anyRequest.repeat(3));
      wire.end();
      for (let i = 0; i < 3; i++) await answer(wire);
      if (!(await wire.ends())) throw new Finding("The server sent more lines than there were requests.");
    },
  },
  {
    name: "long-line",
    rule: "a request of 1 MiB is answered or refused in words, and others are served on",
    async run(server) {
      const [wire, other] = [await server.connect(), await server.connect()];
      wire.send(`{"req":"stats_meta","args":{},"scxkit":"${"x".repeat(2 ** 20)}"}\n`);
      await answer(wire);
      await askValue(other, anyRequest);
    },
  },
  {
    name: "deep-json",
    rule: "JSON that nests 20,000 deep is answered or refused in words, and others are served on",
    async run(server) {
      const [wire, other] = [await server.connect(), await server.connect()];
      await ask(wire, `{"req":"stats_meta","args":{},"x":${"[".repeat(20_000)}${"]".repeat(20_000)}}\n`);
      await askValue(other, anyRequest);
    },
  },
];
