// SPDX-License-Identifier: MIT

const seeds = [
  ...['{"req":"stats"}', '{"req":"stats_meta"}', '{"req":"stats_meta","args":{}}', '["stats",{"target":"args"}]', "[]"],
  '{"req":"stats","args":{"target":"top"}}',
  '{"req":"stats","args":{"target":"args","a":"1","ä€😀":"\\u00e4\\ud83d\\ude00"},"more":[1,2.5e3,{"x":[null,true]}]}',
  '{"args":{"target":"denied"},"req":"stats","x":"\\"\\\\\\n"}',
].map((text) => Buffer.from(text));

const tokens = [
  ...['"', "\\", "{", "}", "[", "]", ":", ",", "null", "true", "-0", "1e999", "01", "0.", '""', "\\u0000", "\\ud800"],
  ...["\\udc00", "\\u0072eq", '"req":', '"args":', '"req":"stats",', '"args":{},', '"target":"top"', "__proto__", "\0"],
  ...[
    "\ufeff",
    " ",
    "\r",
    "\t",
    "\u2028",
    "😀",
    "[".repeat(200),
    '{"x":'.repeat(200),
    "9".repeat(400),
    "a".repeat(2000),
  ],
].map((text) => Buffer.from(text));
const bytes = [[0x80], [0xff], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80]].map((one) =>
  Buffer.from(one),
);

/** Requests gone wrong in all the ways bytes and JSON can, each a line without its newline: the same ones for a seed. */
export function* mutants(seed: number): Generator<Buffer> {
  let state = seed | 1;
  /** xorshift32: a number below n. */
  const random = (n: number): number => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % n;
  };
  const any = <T>(list: readonly T[]): T => list[random(list.length)] as T;
  const splice = (line: Buffer, at: number, gone: number, more: Buffer): Buffer =>
    Buffer.concat([line.subarray(0, at), more, line.subarray(at + gone)]);
  const changes: ((line: Buffer) => Buffer)[] = [
    (line) => splice(line, random(line.length + 1), 0, any(tokens)),
    (line) => splice(line, random(line.length + 1), random(4), any(tokens)),
    (line) => splice(line, random(line.length + 1), random(line.length), Buffer.alloc(0)),
    (line) => splice(line, random(line.length + 1), 1, Buffer.from([random(128)])),
    (line) => splice(line, random(line.length + 1), 0, line.subarray(random(line.length + 1))),
    (line) => splice(line, random(line.length + 1), random(line.length), any(seeds)),
    (line) => (random(4) > 0 ? line : splice(line, random(line.length + 1), 0, any(bytes))),
  ];
  for (;;) {
    let line: Buffer = any(seeds);
    for (let change = random(5); change > 0; change--) line = any(changes)(line);
    yield Buffer.from(line.map((byte) => (byte === 10 ? 32 : byte)));
  }
}
