// SPDX-License-Identifier: MIT
import type { ExpositionFormat } from "./exposition.js";

/** One item of an Accept or Accept-Encoding header. */
interface Item {
  readonly name: string;
  readonly parameters: ReadonlyMap<string, string>;
  readonly weight: number;
}

/** What stands between separators, but for those within quotes. */
const parts = (text: string, separator: "," | ";"): string[] =>
  text.match(separator === "," ? /(?:[^,"]|"(?:\\.|[^"\\])*"?)+/g : /(?:[^;"]|"(?:\\.|[^"\\])*"?)+/g) ?? [];

/** `version="1.0.0"` and `version=1.0.0` are the same (RFC 9110, section 5.6.6). */
function parameter(text: string): [name: string, value: string] {
  const [name = "", value = ""] = text.split(/=(.*)/s, 2);
  const quoted = /^"(.*)"$/s.exec(value)?.[1];
  return [name, quoted?.replace(/\\(.)/gs, "$1") ?? value];
}

/** The items of such a header, those that are wanted most first, at last those that aren't (RFC 9110, section 12.5). */
function items(header: string): Item[] {
  const parsed = parts(header, ",").map((text) => {
    const [name = "", ...rest] = parts(text, ";").map((part) => part.trim().toLowerCase());
    const parameters = new Map(rest.map(parameter));
    const weight = Number(parameters.get("q") ?? 1);
    return { name, parameters, weight: Number.isNaN(weight) ? 0 : weight };
  });
  return parsed.filter(({ name }) => name !== "").sort((a, b) => b.weight - a.weight);
}

/** The format that a scraper wants most: OpenMetrics 1.0.0 where it says so, else the text that every one reads. */
export function formatFor(accept: string | undefined): ExpositionFormat {
  for (const { name, parameters, weight } of items(accept ?? "")) {
    if (weight <= 0) break;
    const version = parameters.get("version");
    if (name === "application/openmetrics-text" && (version ?? "1.0.0") === "1.0.0") return "openmetrics";
    if (name === "text/plain" && (version ?? "0.0.4") === "0.0.4") return "text";
  }
  return "text";
}

/** Whether a scraper takes gzip. What it says of that by name counts before what it says of all. */
export function takesGzip(header: string | undefined): boolean {
  const wanted = items(header ?? "");
  const said = wanted.find(({ name }) => name === "gzip") ?? wanted.find(({ name }) => name === "*");
  return (said?.weight ?? 0) > 0;
}
