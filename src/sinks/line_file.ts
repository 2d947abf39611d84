// SPDX-License-Identifier: MIT
import { constants, createReadStream } from "node:fs";
import { type FileHandle, open, rename, rm, stat } from "node:fs/promises";
import type { Writable } from "node:stream";
import { logger } from "../diagnostics.js";
import { causeOf, ScxError } from "../error.js";
import { pipeTrouble } from "../write_file.js";
import { SinkAbandoned } from "./sink.js";

const log = logger("sink");

const newline = 0x0a;

/** What opening fails with where nothing may be created (any more). */
const forbidden: ReadonlySet<unknown> = new Set(["EACCES", "EPERM", "EROFS"]);

/** When a file of lines is put aside, and a new one begun. */
export interface RotationOptions {
  /** Largest size in bytes; a longer line has a file for itself. No limit unless given. */
  maxBytes?: number;
  /** Most lines. No limit unless given. */
  maxLines?: number;
  /** How many old ones are kept: `FILE.1` is the newest. */
  keep: number;
}

/** Their places in an options schema. */
export const rotationSchema = {
  maxBytes: { type: "integer", minimum: 1, description: "begin a new file before it is larger than this" },
  maxLines: { type: "integer", minimum: 1, description: "begin a new file after so many lines" },
  keep: {
    type: "integer",
    minimum: 0,
    maximum: 10_000,
    default: 5,
    description: "old files kept: FILE.1 is the newest",
  },
};

/** Where lines are appended to. */
export interface LineTarget {
  /** @throws ScxError ERR_SCX_SINK_OPEN */
  open(): Promise<void>;
  /** Appends whole lines, each with its newline. After a failure the same array of lines goes on where it stopped. */
  write(lines: readonly Buffer[]): Promise<void>;
  flush(): Promise<void>;
  close(): Promise<void>;
}

/** A file that lines are appended to, with rotation; another one when somebody else has put it aside or removed it. */
export class LineFile implements LineTarget {
  readonly #sink: string;
  readonly #path: string;
  readonly #options: RotationOptions;
  #file: FileHandle | undefined;
  #size = 0;
  #lines = 0;
  /** The lines of the last call, and how many of them are in the file. */
  #given: readonly Buffer[] = [];
  #done = 0;
  /** Whether it ends in half a line, of whoever was ended in the middle of it: the next one would be glued to that. */
  #torn = false;
  /** Nothing else can be put aside. */
  #regular = true;
  /** Whether it isn't found by its name any more, and no other may be begun. */
  #stuck = false;
  /** What is still being written then has been given up, and counted. */
  #closed = false;

  /** @param sink its name, for errors */
  constructor(sink: string, path: string, options: RotationOptions) {
    this.#sink = sink;
    this.#path = path;
    this.#options = options;
  }

  async open(): Promise<void> {
    try {
      await this.#begin(await openAtOnce(this.#path));
    } catch (cause) {
      const { code = "", message, errno } = cause as NodeJS.ErrnoException;
      throw new ScxError("ERR_SCX_SINK_OPEN", {
        op: "open",
        message: `Sink ${this.#sink} can't write to ${this.#path}: ${pipeTrouble[code] ?? message}.`,
        remedy: "Name a file in a folder that exists and that you may write to.",
        errno: errno === undefined ? undefined : Math.abs(errno),
        cause,
      });
    }
  }

  async write(lines: readonly Buffer[]): Promise<void> {
    if (this.#given !== lines) [this.#given, this.#done] = [lines, 0];
    while (this.#done < lines.length) {
      if (!this.#closed) await (this.#file ? this.#look(this.#file) : this.#begin(await openAtOnce(this.#path)));
      if (this.#closed) {
        await this.#leave(); // which may have been opened meanwhile
        throw new Error("it was closed");
      }
      let end = this.#done;
      const before = this.#torn ? 1 : 0; // the half line's end, with which it is one
      let bytes = before;
      for (; end < lines.length; end++) {
        const { length } = lines[end] as Buffer;
        if (!this.#fits(bytes + length, before + end + 1 - this.#done)) break;
        bytes += length;
      }
      if (end === this.#done && this.#size > 0) await this.#rotate();
      else await this.#append(lines.slice(this.#done, Math.max(end, this.#done + 1)));
    }
  }

  async flush(): Promise<void> {
    await this.#file?.datasync().catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "EINVAL") throw error; // a pipe or a device
    });
  }

  close(): Promise<void> {
    this.#closed = true;
    return this.#leave();
  }

  async #leave(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    await file?.close();
  }

  async #begin(file: FileHandle): Promise<void> {
    this.#file = file;
    this.#regular = (await file.stat()).isFile();
    this.#size = Number.POSITIVE_INFINITY;
    await this.#look(file);
    this.#torn = this.#regular && (await isTorn(this.#path));
  }

  /** Its size is the file's to say: whoever was short of room may have emptied it. And what is no longer found by its name nobody will read there. */
  async #look(file: FileHandle): Promise<void> {
    if (!this.#regular) return;
    const is = await file.stat({ bigint: true });
    const elsewhere = await isElsewhere(this.#path, is);
    const another = elsewhere ? await this.#another() : undefined;
    if (another) return this.#begin(another).finally(() => file.close());
    this.#stuck = elsewhere;
    const size = Number(is.size);
    const less = size < this.#size;
    this.#size = size;
    if (!less || this.#options.maxLines === undefined) return;
    this.#lines = 0;
    for await (const chunk of createReadStream(this.#path))
      for (const byte of chunk as Buffer) if (byte === newline) this.#lines++;
  }

  /** Another one in its place; undefined where none may be begun: better goes on what there is than nothing. */
  async #another(): Promise<FileHandle | undefined> {
    try {
      return await openAtOnce(this.#path);
    } catch (error) {
      if (!forbidden.has((error as NodeJS.ErrnoException).code)) throw error;
      if (!this.#stuck)
        log.warn(
          `sink ${this.#sink} goes on in the file that was ${this.#path}, for want of another: ${causeOf(error)}`,
        );
      return undefined;
    }
  }

  #fits(bytes: number, lines: number): boolean {
    const { maxBytes = Number.POSITIVE_INFINITY, maxLines = Number.POSITIVE_INFINITY } = this.#options;
    return !this.#regular || this.#stuck || (this.#size + bytes <= maxBytes && this.#lines + lines <= maxLines);
  }

  async #append(lines: readonly Buffer[]): Promise<void> {
    const file = this.#file as FileHandle;
    const bytes = Buffer.concat(this.#torn ? [Buffer.of(newline), ...lines] : lines);
    try {
      await file.appendFile(bytes);
    } catch (error) {
      // Half a line (the disk was full) would spoil the one that follows. What is shorter now was emptied, and must not be made longer.
      const { size } = await file.stat();
      if (size > this.#size)
        await file.truncate(this.#size).catch(() => {
          this.#torn = true;
        });
      throw error;
    }
    this.#size += bytes.length;
    this.#lines += lines.length + (this.#torn ? 1 : 0);
    this.#torn = false;
    this.#done += lines.length;
  }

  async #rotate(): Promise<void> {
    await this.#leave();
    const { keep } = this.#options;
    const old = (n: number) => (n === 0 ? this.#path : `${this.#path}.${n}`);
    const mayBeMissing = (error: NodeJS.ErrnoException) => {
      if (error.code !== "ENOENT") throw error;
    };
    if (keep === 0) await rm(this.#path).catch(mayBeMissing);
    for (let n = keep; n > 0; n--) await rename(old(n - 1), old(n)).catch(mayBeMissing);
  }
}

/** Whether a file's last line has no end. What may only be written to is taken for whole. */
async function isTorn(path: string): Promise<boolean> {
  const file = await open(path).catch(() => undefined);
  if (!file) return false;
  try {
    const { size } = await file.stat();
    const last = Buffer.alloc(1);
    return size > 0 && (await file.read(last, 0, 1, size - 1)).bytesRead === 1 && last[0] !== newline;
  } finally {
    await file.close();
  }
}

/** Whether a path is no longer that of a file: it was removed, or another one has its place. */
async function isElsewhere(path: string, { ino, dev }: { ino: bigint; dev: bigint }): Promise<boolean> {
  try {
    const there = await stat(path, { bigint: true });
    return there.ino !== ino || there.dev !== dev;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ENOENT"; // who may not look there any more may still write
  }
}

/** A pipe that nobody reads isn't waited for, which nothing could end: ENXIO. */
async function openAtOnce(path: string): Promise<FileHandle> {
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_APPEND;
  const ready = await open(path, flags | constants.O_NONBLOCK, 0o644);
  if (!(await ready.stat()).isFIFO()) return ready;
  try {
    return await open(path, flags);
  } finally {
    await ready.close();
  }
}

/** Standard output or error, as a place for lines. */
export class LineStream implements LineTarget {
  readonly #stream: Writable;

  constructor(stream: Writable) {
    this.#stream = stream;
  }

  async open(): Promise<void> {}

  write(lines: readonly Buffer[]): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#stream.write(Buffer.concat(lines), (error) => {
        if ((error as NodeJS.ErrnoException | null | undefined)?.code === "EPIPE")
          reject(new SinkAbandoned("nobody reads on"));
        else if (error) reject(error);
        else resolve();
      });
    });
  }

  async flush(): Promise<void> {}
  async close(): Promise<void> {}
}
