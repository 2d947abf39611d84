// SPDX-License-Identifier: MIT
import { parse } from "lossless-json";
import { ScxError } from "../error.js";
import { endOfString } from "./written.js";

/** What a reply can hold: integers are bigint with all their digits, what has a fraction or an exponent is a number. */
export type ReplyValue = null | boolean | string | bigint | number | ReplyValue[] | { [name: string]: ReplyValue };

/**
 * Reads a reply line and gives what stands in `args.resp`. Names such as `__proto__` are fields like any other.
 *
 * @throws ScxError ERR_SCX_WIRE with `errno` when the reply is an error (its text is in `log`), ERR_SCX_PRIVILEGE when
 * that is 13; ERR_SCX_WIRE without an errno when the line is no reply.
 */
export function parseReply(line: string): ReplyValue {
  const { errno, args } = record(parseJson(line), "The reply");
  if (typeof errno !== "bigint" || errno < 0n || errno > 0x7fff_ffffn) throw wrong('The reply has no usable "errno"');
  const fields = record(args, '"args" of the reply');
  if (!Object.hasOwn(fields, "resp")) throw wrong('The reply has no "resp"');
  const resp = fields.resp as ReplyValue;
  if (errno === 0n) return resp;
  throw refused(Number(errno), typeof resp === "string" ? resp : "(no text)");
}

/** Upstream's client (serde_json) gives up at 128 levels, and no stack of ours is to end below a peer's reply. */
const maxDepth = 128;

const [quote, brace, bracket, braceEnd, bracketEnd] = Buffer.from('"{[}]');

function nestsTooDeep(text: string): boolean {
  let depth = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === quote) i = endOfString(text, i);
    else if (code === brace || code === bracket) {
      if (++depth >= maxDepth) return true;
    } else if (code === braceEnd || code === bracketEnd) depth--;
  }
  return false;
}

function parseJson(line: string): unknown {
  if (nestsTooDeep(line)) throw wrong(`The reply nests ${maxDepth} levels deep or deeper`);
  try {
    return parse(line, null, number);
  } catch (cause) {
    throw cause instanceof ScxError ? cause : wrong("The reply is not JSON", cause);
  }
}

/** u64 takes 20. To read millions of them takes seconds, which no peer is to have of us. */
const mostDigits = 1000;

function number(text: string): bigint | number {
  if (text.length > mostDigits) throw wrong(`The reply has a number of ${text.length} digits`);
  return /^-?\d+$/.test(text) ? BigInt(text) : Number(text);
}

function record(value: unknown, what: string): Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw wrong(`${what} is not an object`);
  // Without a prototype, so that only what was sent can be found in it.
  return Object.assign(Object.create(null), value);
}

/** So much of an error's text is kept, in characters. */
const longestText = 65_536;

/** The errno of who may not ask: one that isn't on an allow list. */
export const EACCES = 13;

function refused(errno: number, text: string): ScxError {
  const lines = text
    .slice(0, longestText)
    .split("\n")
    .map((line) => line.replace(/\p{Cc}/gu, " "));
  // Upstream's servers say what is wrong in the line after this one (anyhow's Debug form).
  const cause = lines[lines.indexOf("Caused by:") + 1]?.trim().replace(/^0: /, "");
  const why = lines.includes("Caused by:") && cause ? `${lines[0]}: ${cause}` : lines[0];
  const denied = errno === EACCES;
  return new ScxError(denied ? "ERR_SCX_PRIVILEGE" : "ERR_SCX_WIRE", {
    op: "request",
    message: `The server answered with errno ${errno}: ${why}`.replace(/[^.!?]$/, "$&."),
    remedy: denied
      ? "Ask whoever runs the server to allow you, or become somebody whom it does."
      : "Ask for what the server offers; request stats_meta tells of its structs.",
    errno,
    log: lines,
  });
}

function wrong(message: string, cause?: unknown): ScxError {
  return new ScxError("ERR_SCX_WIRE", {
    op: "request",
    message: `${message}.`,
    remedy: "See whether an scx_stats server listens at this path.",
    cause,
  });
}
