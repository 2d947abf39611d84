// SPDX-License-Identifier: MIT
import { causeOf } from "../error.js";
import { compareUtf8 } from "../protocol/json.js";
import { memberOf, readWritten, type Written, walk } from "../protocol/written.js";
import { decodeValues } from "../stats/decode.js";
import type { MetaData, MetaKind, MetaStruct, StatsMeta } from "../stats/meta.js";
import { schemaOf, topOf } from "../stats/schema_of.js";
import type { Check } from "./check.js";
import { Finding, Untold } from "./finding.js";
import { readableMeta } from "./metadata.js";
import { type Answer, anyRequest, askValue, requestLine, type ServerUnderTest } from "./server.js";

const topRequest = requestLine("stats", { target: "top" });

const askTop = async (server: ServerUnderTest): Promise<Answer> => askValue(await server.connect(), topRequest);

const written = ({ line }: Answer): Written | undefined => memberOf(memberOf(readWritten(line), "args"), "resp");

/** How values are written: by the rules that typed clients and others who read the digits count on. */
export const replyChecks: readonly Check[] = [
  {
    name: "reply-described",
    rule: "what target top answers is what the metadata say: every field there, of its type, and none besides",
    async run(server) {
      const meta = await readableMeta(server);
      const { resp } = await askTop(server);
      try {
        decodeValues(schemaOf(meta), resp, { strict: true });
      } catch (error) {
        throw new Finding(causeOf(error));
      }
    },
  },
  {
    name: "no-null",
    rule: "null is never sent: typed clients break on it",
    async run(server) {
      for (const reply of await both(server))
        walk(reply, (part, where) => {
          if ("token" in part && part.token === "null") throw new Finding(`${where} is null.`);
        });
    },
  },
  {
    name: "keys-sorted",
    rule: 'the members of every object are sorted by the bytes of their names ("10" before "3"), each there once',
    async run(server) {
      for (const reply of await both(server))
        walk(reply, (part, where) => {
          if (!("members" in part)) return;
          part.members.forEach(([name], i) => {
            const before = part.members[i - 1]?.[0];
            if (before !== undefined && compareUtf8(before, name) >= 0)
              throw new Finding(`${where || "The reply"} has "${before}" before "${name}".`);
          });
        });
    },
  },
  {
    name: "floats-written",
    rule: "a float has a fraction or an exponent, also where it is whole: 1.0",
    async run(server) {
      await scalars(server, (kind, token, where) => {
        if (kind === "float" && /^-?\d+$/.test(token)) throw new Finding(`${where} is a float, and written ${token}.`);
      });
    },
  },
  {
    name: "integers-written",
    rule: "an integer has all its digits, and neither a fraction nor an exponent",
    async run(server) {
      await scalars(server, (kind, token, where) => {
        if ((kind === "u64" || kind === "i64") && !/^-?\d+$/.test(token))
          throw new Finding(`${where} is an integer, and written ${token}.`);
      });
    },
  },
];

/** The values of both requests. */
async function both(server: ServerUnderTest): Promise<Written[]> {
  const answers = [await askTop(server), await askValue(await server.connect(), anyRequest)];
  return answers.map(written).filter((reply) => reply !== undefined);
}

type Visit = (kind: MetaKind, token: string, where: string) => void;

/** Goes through what is described as a single value. What is not there, or of another shape, is another check's. */
async function scalars(server: ServerUnderTest, visit: Visit): Promise<void> {
  const meta = await readableMeta(server);
  const top = topOf(meta);
  if (!top) throw new Untold("the metadata describe nothing");
  let seen = 0;
  structOf(meta, top, written(await askTop(server)), "", (kind, token, where) => {
    seen++;
    visit(kind, token, where);
  });
  if (seen === 0) throw new Untold("the reply holds none");
}

function structOf(meta: StatsMeta, struct: MetaStruct, at: Written | undefined, where: string, visit: Visit): void {
  for (const [name, data] of struct.fields) {
    const path = where === "" ? name : `${where}.${name}`;
    for (const [part, inner] of partsOf(data, memberOf(at, name), path)) {
      const kind = "datum" in data ? data.datum : "array" in data ? data.array : data.dict.datum;
      const group = typeof kind === "object" ? meta.get(kind.struct) : undefined;
      if (group) structOf(meta, group, part, inner, visit);
      else if (typeof kind === "string" && "token" in part) visit(kind, part.token, inner);
    }
  }
}

function partsOf(data: MetaData, at: Written | undefined, where: string): [Written, string][] {
  if (at === undefined) return [];
  if ("array" in data) return "items" in at ? at.items.map((item, i) => [item, `${where}[${i}]`]) : [];
  if ("dict" in data) return "members" in at ? at.members.map(([key, item]) => [item, `${where}.${key}`]) : [];
  return [[at, where]];
}
