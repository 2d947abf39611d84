// SPDX-License-Identifier: MIT
// Copies a file that somebody else is still writing to a stream, whole lines at a time.

import { once } from "node:events";
import { open } from "node:fs/promises";
import type { Writable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";

/** How often the file is looked at. Polling, because inotify instances run out on busy machines and this costs nothing. */
const POLL_MS = 50;
/** A line longer than this is passed on in pieces. */
const LONGEST_LINE = 1 << 20;
const NEWLINE = 0x0a;

/**
 * Ends once `ended()` was true before a read that found nothing more; a last line without its newline is then passed on
 * too. Bytes are never decoded. Rejects when the stream does (EPIPE).
 */
export async function follow(path: string, stream: Writable, ended: () => boolean): Promise<void> {
  const file = await open(path, "r");
  const chunk = Buffer.allocUnsafe(1 << 16);
  let line: Buffer[] = [];
  let held = 0;
  const write = async (bytes: Uint8Array) => {
    if (bytes.length > 0 && !stream.write(bytes)) await once(stream, "drain");
  };
  const flush = async () => {
    await write(Buffer.concat(line));
    line = [];
    held = 0;
  };
  try {
    for (;;) {
      const last = ended();
      for (;;) {
        const { bytesRead } = await file.read(chunk, 0, chunk.length);
        if (bytesRead === 0) break;
        const bytes = Buffer.from(chunk.subarray(0, bytesRead));
        const end = bytes.lastIndexOf(NEWLINE) + 1;
        if (end > 0) {
          line.push(bytes.subarray(0, end));
          await flush();
        }
        if (end < bytesRead) {
          line.push(bytes.subarray(end));
          held += bytesRead - end;
        }
        if (held > LONGEST_LINE) await flush();
      }
      if (last) break;
      await sleep(POLL_MS);
    }
    await flush();
  } finally {
    await file.close();
  }
}
