// SPDX-License-Identifier: MIT
import { isUtf8 } from "node:buffer";
import { closeSync, createReadStream, fstatSync, ftruncateSync } from "node:fs";
import { createInterface } from "node:readline";
import { ScxError } from "../error.js";
import { native } from "../native/index.js";
import { stringify } from "../protocol/json.js";
import { parseReply } from "../protocol/reply.js";
import { parseRequest, type StatsRequest } from "../protocol/request.js";
import { memberTexts } from "../protocol/written.js";
import { checkPath, unreadableFile } from "../read_file.js";
import { openToWrite, pipeTrouble, writeWhole } from "../write_file.js";

/** A request, and what a server answered to it. */
export interface Exchange {
  /** When, in ns since 1970. */
  at: bigint;
  request: StatsRequest;
  /** The reply line, without its newline. */
  line: string;
}

/**
 * An exchange as a recording has it, one JSON object a line:
 *
 *     {"at":1763629200000000000,"request":{"args":{"target":"top"},"req":"stats"},"reply":{"errno":0,"args":{"resp":…}}}
 *
 * The reply stands there as it came.
 */
export const recordingLine = ({ at, request: { req, args }, line }: Exchange): string =>
  `{"at":${at},"request":${stringify({ req, args })},"reply":${line}}`;

/** Reads a line of a recording. @throws ScxError ERR_SCX_RECORDING */
export function readRecordingLine(line: string, where = "The line"): Exchange {
  let parsed: unknown;
  try {
    parsed = JSON.parse(line);
  } catch (cause) {
    throw malformed(`${where} is not JSON`, cause);
  }
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) throw malformed(`${where} is no object`);
  const members = memberTexts(line);
  const member = (name: string): string => {
    const text = members.get(name);
    if (text === undefined) throw malformed(`${where} has no "${name}"`);
    return text;
  };
  const [at, request, reply] = [member("at"), member("request"), member("reply")];
  if (!/^\d{1,19}$/.test(at)) throw malformed(`${where} has ${at} for a time`);
  try {
    parseReply(reply);
  } catch (error) {
    // An error is a reply, too.
    if ((error as ScxError).errno === undefined) throw malformed(`${where} has a "reply" that is none`, error);
  }
  try {
    return { at: BigInt(at), request: parseRequest(Buffer.from(request)), line: reply };
  } catch (cause) {
    throw malformed(`${where} has a "request" that is none`, cause);
  }
}

/**
 * Reads a recording's file, in the order of time.
 *
 * @throws ScxError ERR_SCX_RECORDING for a line that is none, cut off or not UTF-8, or no lines; ERR_SCX_FILE_NOT_FOUND, ERR_SCX_FILE_UNREADABLE
 */
export async function readRecording(path: string): Promise<Exchange[]> {
  checkPath(path);
  const exchanges: Exchange[] = [];
  let number = 0;
  try {
    for await (const line of createInterface({
      // Byte by byte: what isn't UTF-8 is to be seen, and some of its characters end lines for Node, but not in JSON.
      input: createReadStream(path, "latin1"),
      crlfDelay: Number.POSITIVE_INFINITY,
    })) {
      const where = `${path}:${++number}`;
      const bytes = Buffer.from(line, "latin1");
      if (!isUtf8(bytes)) throw malformed(`${where} is not UTF-8`);
      const text = bytes.toString();
      if (text.trim() !== "") exchanges.push(readRecordingLine(text, where));
    }
  } catch (cause) {
    if (cause instanceof ScxError) throw cause;
    throw unreadableFile(path, cause, "replay");
  }
  if (exchanges.length === 0) throw malformed(`${path} is empty`);
  return exchanges.sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0));
}

/**
 * A recording's file that is being written: each exchange is in it, whole, when {@link write} returns. What stood there before
 * goes with the first one, so that who comes to record nothing has lost nothing.
 */
export class Recorder {
  readonly #path: string;
  #fd: number | undefined;
  /** How many bytes are whole lines of ours; undefined for what is no file: a pipe, a device. */
  #length: number | undefined;

  /** Opens a file for this recorder alone. @throws ScxError ERR_SCX_FILE_WRITE, also where another writes it */
  constructor(path: string) {
    this.#path = path;
    const fd = this.#try(() => openToWrite(path, 0));
    if (!native.tryLock(fd)) {
      closeSync(fd);
      throw unwritable(`Another scxkit relay records to ${path}.`, "Name another file, or end that one first.");
    }
    this.#fd = fd;
    if (fstatSync(fd).isFile()) this.#length = 0;
  }

  /** @throws ScxError ERR_SCX_FILE_WRITE; nothing after {@link close} */
  write(exchange: Exchange): void {
    const fd = this.#fd;
    if (fd === undefined) return;
    const bytes = Buffer.from(`${recordingLine(exchange)}\n`);
    this.#try(() => {
      if (this.#length === 0) ftruncateSync(fd);
      try {
        writeWhole(fd, bytes);
      } catch (error) {
        // The disk is full: what was recorded up to here can be replayed.
        if (this.#length !== undefined) ftruncateSync(fd, this.#length);
        throw error;
      }
      if (this.#length !== undefined) this.#length += bytes.length;
    });
  }

  close(): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #try<T>(act: () => T): T {
    try {
      return act();
    } catch (cause) {
      const { code = "", message } = cause as NodeJS.ErrnoException;
      const why = pipeTrouble[code];
      const remedy = why
        ? "Start what reads from it first, and let it read until the end."
        : "Name a file in a folder that exists, on a disk with room, that you may write to.";
      throw unwritable(`${this.#path} can't be written: ${why ?? message}.`, remedy, cause);
    }
  }
}

const unwritable = (message: string, remedy: string, cause?: unknown): ScxError =>
  new ScxError("ERR_SCX_FILE_WRITE", {
    op: "record",
    message,
    remedy,
    errno: Math.abs((cause as NodeJS.ErrnoException | undefined)?.errno ?? 0) || undefined,
    cause,
  });

const malformed = (message: string, cause?: unknown): ScxError =>
  new ScxError("ERR_SCX_RECORDING", {
    op: "replay",
    message: `${message}.`,
    remedy: "Give a file that scxkit relay --record has written.",
    cause,
  });
