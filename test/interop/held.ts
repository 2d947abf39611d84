// SPDX-License-Identifier: MIT
import { isUtf8 } from "node:buffer";
import type { RawPeer } from "../unit/protocol/peer.js";

/**
 * Sends lines to our server, and to upstream's where there is one: a reply each, errno the same and, where it is 0, all bytes.
 * @returns the errnos
 * @throws Error that shows the line
 */
export async function heldAgainst(lines: readonly Buffer[], ours: RawPeer, theirs?: RawPeer): Promise<number[]> {
  const newline = Buffer.from("\n");
  // Upstream's ends the connection at what isn't UTF-8.
  const both = theirs ? lines.filter((line) => isUtf8(line)) : [];
  ours.socket.write(Buffer.concat(lines.flatMap((line) => [line, newline])));
  theirs?.socket.write(Buffer.concat(both.flatMap((line) => [line, newline])));
  const errnos: number[] = [];
  for (const line of lines) {
    const mine = await ours.line();
    const { errno } = JSON.parse(mine) as { errno: number };
    errnos.push(errno);
    const other = theirs && isUtf8(line) ? await theirs.line() : undefined;
    const same =
      other === undefined
        ? errno === 0 || errno === 22 || errno === 13
        : errno === 0
          ? mine === other
          : errno === (JSON.parse(other) as { errno: number }).errno;
    if (!same || (!isUtf8(line) && errno !== 22))
      throw new Error(
        `${JSON.stringify(line.toString())}: ours ${mine.slice(0, 200)}, upstream's ${other?.slice(0, 200)}`,
      );
  }
  return errnos;
}
