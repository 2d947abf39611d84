// SPDX-License-Identifier: MIT
import { expect, test } from "vitest";
import { LineSplitter, overlong } from "../../../src/protocol/line.js";

/** All lines that come of these chunks, each asked for as soon as it is there. */
function linesOf(limit: number, chunks: string[]): (string | symbol | undefined)[] {
  const splitter = new LineSplitter(limit);
  const lines: (string | symbol | undefined)[] = [];
  for (const chunk of chunks) {
    splitter.push(Buffer.from(chunk));
    for (let line = splitter.next(); line !== undefined; line = splitter.next()) {
      lines.push(line === overlong ? line : line.toString());
      if (line === overlong) return lines;
    }
  }
  return [...lines, splitter.rest()?.toString()];
}

test("lines are the same however they are cut into chunks", () => {
  const text = "one\n\ntwo three\nä€😀\nlast";
  const whole = ["one", "", "two three", "ä€😀", "last"];
  expect(linesOf(100, [text])).toEqual(whole);
  for (let a = 0; a <= text.length; a++) {
    for (let b = a; b <= text.length; b++) {
      // Cut between UTF-16 units, but never inside a character: chunks are strings here.
      const chunks = [text.slice(0, a), text.slice(a, b), text.slice(b)];
      if (chunks.join("") === text && chunks.every((chunk) => !/\p{Surrogate}/u.test(chunk))) {
        expect(linesOf(100, chunks)).toEqual(whole);
      }
    }
  }
});

test("a character cut in two comes out whole", () => {
  const splitter = new LineSplitter(100);
  for (const byte of Buffer.from("ä😀\n")) {
    expect(splitter.next()).toBeUndefined();
    splitter.push(Buffer.from([byte]));
  }
  expect(splitter.next()?.toString()).toBe("ä😀");
});

test("chunks pushed before the lines were asked for are kept", () => {
  const splitter = new LineSplitter(100);
  splitter.push(Buffer.from("a\nb\nc"));
  expect(splitter.next()?.toString()).toBe("a");
  splitter.push(Buffer.from("d\n"));
  expect(splitter.next()?.toString()).toBe("b");
  expect(splitter.next()?.toString()).toBe("cd");
  expect(splitter.next()).toBeUndefined();
  expect(splitter.rest()).toBeUndefined();
});

test("the limit counts a line's bytes without its newline", () => {
  expect(linesOf(4, ["abcd\nabcd\n"])).toEqual(["abcd", "abcd", undefined]);
  expect(linesOf(4, ["abcde\n"])).toEqual([overlong]);
  expect(linesOf(4, ["abcde"])).toEqual([overlong]);
  expect(linesOf(4, ["ab", "cd", "e"])).toEqual([overlong]);
  expect(linesOf(4, ["abcd", "\n"])).toEqual(["abcd", undefined]);
  expect(linesOf(4, ["€€\n"])).toEqual([overlong]);
});

test("a long line byte by byte", () => {
  const splitter = new LineSplitter(65_536);
  const byte = Buffer.from("x");
  for (let i = 0; i < 65_536; i++) {
    splitter.push(byte);
    expect(splitter.next() === undefined).toBe(true);
  }
  splitter.push(Buffer.from("\n"));
  expect(splitter.next()?.toString()).toBe("x".repeat(65_536));
});
