// SPDX-License-Identifier: MIT
import { causeOf } from "../error.js";
import { checkMeta, type StatsMeta } from "../stats/meta.js";
import { readShape } from "../stats/read_meta.js";
import type { Check } from "./check.js";
import { Finding, Untold } from "./finding.js";
import { anyRequest, askValue, type ServerUnderTest } from "./server.js";

async function metaOf(server: ServerUnderTest): Promise<unknown> {
  return (await askValue(await server.connect(), anyRequest)).resp;
}

/** What the metadata describe, where they can be read. @throws Untold where another check says that they can't */
export async function readableMeta(server: ServerUnderTest): Promise<StatsMeta> {
  try {
    return readShape(await metaOf(server));
  } catch (error) {
    throw new Untold(`the metadata can't be read: ${causeOf(error)}`);
  }
}

/** What stats_meta answers. */
export const metadataChecks: readonly Check[] = [
  {
    name: "meta-shape",
    rule: "stats_meta gives structs by name, their fields by name, each with a datum, array or dict of a known type",
    async run(server) {
      const meta = await metaOf(server);
      if (Array.isArray(meta)) throw new Finding("The metadata are lists, as upstream's first release had them.");
      const fault = faultOf(() => void readShape(meta));
      if (fault) throw new Finding(fault);
    },
  },
  {
    name: "meta-references",
    rule: "fields are of structs that are described, never in a loop; keys of dictionaries are integers or texts",
    async run(server) {
      const meta = await readableMeta(server);
      const fault = faultOf(() => checkMeta(meta));
      if (fault) throw new Finding(fault);
    },
  },
  {
    name: "meta-top",
    rule: "one struct is marked as what target top answers with",
    async run(server) {
      const marked = [...(await readableMeta(server)).values()].filter((struct) => struct.top);
      if (marked.length !== 1) throw new Finding(`${marked.length} structs are marked.`);
    },
  },
  {
    name: "meta-same",
    rule: "every connection is told the same of the statistics",
    async run(server) {
      const lines: string[] = [];
      for (let i = 0; i < 2; i++) lines.push((await askValue(await server.connect(), anyRequest)).line);
      if (lines[0] !== lines[1]) throw new Finding("The second connection was told otherwise than the first.");
    },
  },
];

function faultOf(act: () => void): string | undefined {
  try {
    act();
    return undefined;
  } catch (error) {
    return causeOf(error);
  }
}
