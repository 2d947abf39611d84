// SPDX-License-Identifier: MIT
import { ScxError } from "../error.js";

/** One request as it came over the socket. */
export interface StatsRequest {
  readonly req: string;
  /** In the order sent; of a name sent twice the last value counts. */
  readonly args: ReadonlyMap<string, string>;
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const loneSurrogate = /\p{Surrogate}/u;

/**
 * Reads a request line, accepting what upstream's server (serde, StatsRequest) accepts: unknown fields beside `req` and
 * `args`, the form `["stats", {…}]`, `args` missing, an argument given twice. A field given twice it refuses, as
 * upstream does.
 *
 * @throws ScxError ERR_SCX_WIRE, errno 22.
 */
export function parseRequest(line: Uint8Array): StatsRequest {
  const text = decode(line);
  const value = parse(text);
  if (typeof value !== "object" || value === null) throw invalid(`The request is ${nameOf(value)}, not an object`);
  // In UTF-8 there is no half of a surrogate pair: only an escape can make one.
  const check = text.includes("\\") ? wellFormed : asItIs;
  if (Array.isArray(value)) {
    if (value.length === 0 || value.length > 2)
      throw invalid(`The request is a list of ${value.length}, not of 1 or 2`);
    return request(value[0], value[1], check);
  }
  const twice = repeated(text);
  if (twice !== undefined) throw invalid(`The request has the field "${twice}" twice`);
  if (check === wellFormed) Object.keys(value).forEach(check);
  const { req, args } = value as { req?: unknown; args?: unknown };
  return request(req, args, check);
}

function request(req: unknown, args: unknown, check: (text: string) => string): StatsRequest {
  if (req === undefined) throw invalid('The request has no field "req"');
  if (typeof req !== "string") throw invalid(`"req" is ${nameOf(req)}, not a string`);
  return { req: check(req), args: argsOf(args, check) };
}

function argsOf(args: unknown, check: (text: string) => string): ReadonlyMap<string, string> {
  if (args === undefined) return new Map();
  if (typeof args !== "object" || args === null || Array.isArray(args)) {
    throw invalid(`"args" is ${nameOf(args)}, not an object`);
  }
  // A Map, never a plain object: the names are the client's, `__proto__` among them.
  const map = new Map<string, string>();
  for (const name of Object.keys(args)) {
    const value: unknown = (args as Record<string, unknown>)[name];
    if (typeof value !== "string") throw invalid(`Argument "${check(name)}" is ${nameOf(value)}, not a string`);
    map.set(check(name), check(value));
  }
  return map;
}

function decode(line: Uint8Array): string {
  try {
    return utf8.decode(line);
  } catch {
    throw invalid("The request is not UTF-8");
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw invalid(text.trim() === "" ? "The request is a blank line" : "The request is not JSON", cause);
  }
}

/**
 * The name of `req` or `args` when a request says it twice: JSON.parse would let the last one win. Nearly all requests
 * are told by one look; the others, which have an escape or the same quoted word twice, are gone through.
 */
function repeated(text: string): "req" | "args" | undefined {
  const once = (word: string) => text.indexOf(word) === text.lastIndexOf(word);
  if (!text.includes("\\") && once('"req"') && once('"args"')) return undefined;
  const seen = new Set<string>();
  for (const name of topNames(text)) {
    if ((name === "req" || name === "args") && seen.has(name)) return name;
    seen.add(name);
  }
  return undefined;
}

/** The field names of the outermost object of a text known to be JSON. */
function* topNames(text: string): Generator<string> {
  let depth = 0;
  for (const [token] of text.matchAll(/"[^"\\]*(?:\\.[^"\\]*)*"(?:[ \t\n\r]*:)?|[{}[\]]/g)) {
    if (token === "{" || token === "[") depth++;
    else if (token === "}" || token === "]") depth--;
    else if (depth === 1 && token.endsWith(":")) yield JSON.parse(token.slice(0, token.lastIndexOf('"') + 1));
  }
}

const asItIs = (text: string): string => text;

function wellFormed(text: string): string {
  if (loneSurrogate.test(text)) throw invalid("The request has a string with half a surrogate pair");
  return text;
}

function nameOf(value: unknown): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "a list" : typeof value === "object" ? "an object" : `a ${typeof value}`;
}

function invalid(message: string, cause?: unknown): ScxError {
  return new ScxError("ERR_SCX_WIRE", {
    op: "request",
    message: `${message}.`,
    remedy: 'A request is one line of JSON: {"req":"stats","args":{"target":"top"}}',
    errno: 22,
    cause,
  });
}
