// SPDX-License-Identifier: MIT
import type { Check } from "./check.js";
import { Finding } from "./finding.js";
import { anyRequest, ask, askValue, isFirstRelease, requestLine, stillAnswers } from "./server.js";

const EINVAL = 22;

/** A line that is no request: refused with EINVAL and words, on a connection that stays. */
const refused = (name: string, what: string, line: string | Buffer, errno?: number): Check => ({
  name,
  rule: `${what} gets ${errno === undefined ? "an errno" : `errno ${errno}`} and a text, and the connection stays`,
  async run(server) {
    const wire = await server.connect();
    const got = await ask(wire, line);
    if (got.errno === 0) throw new Finding("The server answered it with a value.");
    if (errno !== undefined && got.errno !== errno) throw new Finding(`The server answered with errno ${got.errno}.`);
    if (typeof got.resp !== "string" || got.resp === "") throw new Finding("The error has no text.");
    await stillAnswers(wire);
  },
});

/** A line that is a request, in an unusual form. */
const accepted = (name: string, rule: string, line: string): Check => ({
  name,
  rule,
  async run(server) {
    await askValue(await server.connect(), line);
  },
});

/** What a request is, and what is answered to what is none. */
export const requestChecks: readonly Check[] = [
  {
    name: "request-names",
    rule: "the requests are called stats and stats_meta",
    async run(server) {
      if (await isFirstRelease(await server.connect()))
        throw new Finding(
          "It knows stat_meta in place of stats_meta: a server of upstream's first release (scx_stats 0.2).",
        );
    },
  },
  refused("blank-line", "a blank line", "\n", EINVAL),
  refused("bad-json", "a line that is no JSON", '{"req":"stats_meta"\n', EINVAL),
  refused("bad-utf8", "a line that is no UTF-8", Buffer.from('{"req":"stats_meta","x":"\xff"}\n', "latin1"), EINVAL),
  refused("not-an-object", "JSON that is no object", '"stats_meta"\n', EINVAL),
  refused("req-missing", "a request without req", '{"args":{}}\n', EINVAL),
  refused("req-not-text", "a req that is no text", '{"req":1,"args":{}}\n', EINVAL),
  refused("req-twice", "a request that has req twice", '{"req":"stats_meta","req":"stats_meta"}\n', EINVAL),
  refused("args-null", "args null", '{"req":"stats_meta","args":null}\n', EINVAL),
  refused("args-list", "args that are a list", '{"req":"stats_meta","args":["target"]}\n', EINVAL),
  refused("args-not-text", "an argument that is no text", '{"req":"stats_meta","args":{"target":1}}\n', EINVAL),
  refused("unknown-request", "an unknown request", requestLine("scxkit-unknown"), EINVAL),
  refused("unknown-target", "an unknown target", requestLine("stats", { target: "scxkit-unknown" })),
  accepted("args-missing", "args may be missing", '{"req":"stats_meta"}\n'),
  accepted(
    "unknown-fields",
    "fields beside req and args are ignored",
    '{"x":[{}],"req":"stats_meta","args":{},"y":null}\n',
  ),
  accepted(
    "any-argument",
    "an argument may have any name, __proto__ too",
    '{"req":"stats_meta","args":{"__proto__":"1","constructor":"2","":"3"}}\n',
  ),
  {
    name: "default-target",
    rule: "stats without a target is answered as with target top",
    async run(server) {
      const wire = await server.connect();
      const fields: string[] = [];
      for (const line of ['{"req":"stats"}\n', requestLine("stats"), requestLine("stats", { target: "top" })]) {
        const { resp } = await askValue(wire, line);
        if (typeof resp !== "object" || resp === null) throw new Finding("The value isn't an object.");
        fields.push(Object.keys(resp).join());
      }
      if (new Set(fields).size !== 1) throw new Finding("The replies have different fields.");
    },
  },
  {
    name: "error-then-answer",
    rule: "errors leave nothing behind: a hundred of them, and the connection answers as before",
    async run(server) {
      const wire = await server.connect();
      for (let i = 0; i < 100; i++) await ask(wire, requestLine("stats", { target: `scxkit-unknown-${i}` }));
      await askValue(wire, anyRequest);
    },
  },
];
