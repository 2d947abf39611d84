// SPDX-License-Identifier: MIT
import { beforeEach, describe, expect, it } from "vitest";
import { FormerKeys } from "../../../src/source/former_keys.js";
import { SlotKeys } from "../../../src/source/slot_keys.js";

/** A hash of four slots whose keys are a text of one byte, and one that says nothing. */
class Slots {
  readonly name = "some_stats";
  readonly keySize = 2;
  readonly keys = new Uint8Array(8);
  readonly states = new Uint8Array(4);
  readonly counted = [0n, 0n, 0n, 0n];
  readonly format = {
    type: "string" as const,
    text: (bytes: Uint8Array) => String.fromCharCode(bytes[0] ?? 0),
  };
  sums = (slot: number) => new Map(this.counted[slot] ? [[0, this.counted[slot]]] : []);

  /** What the addon does: those that were gone are free, and who isn't there has gone. */
  read(...present: (string | undefined)[]): () => void {
    return () => {
      this.states.forEach((state, slot) => {
        if (state === 2) this.states[slot] = 0;
      });
      this.states.forEach((state, slot) => {
        const key = present[slot];
        if (key !== undefined) this.keys.set([key.charCodeAt(0), key.charCodeAt(1)], 2 * slot);
        this.states[slot] = key === undefined ? (state === 1 ? 2 : 0) : 1;
      });
    };
  }
}

let slots: Slots;
let keys: SlotKeys;
beforeEach(() => {
  slots = new Slots();
  keys = new SlotKeys(slots);
});
const listed = (gone = false) => keys.list(gone).map(({ slot, key, carried }) => [slot, key, carried?.get(0)]);

describe("the keys in slots", () => {
  it("have what they had counted before, in whatever slot they come again", () => {
    keys.read(slots.read("a."));
    expect(listed()).toEqual([[0, "a", undefined]]);
    slots.counted[0] = 5n;
    keys.read(slots.read());
    expect([listed(), listed(true)]).toEqual([[[0, "a", undefined]], [[0, "a", undefined]]]);
    keys.read(slots.read("b."));
    expect([listed(), [...keys.former(0)]]).toEqual([[[0, "b", undefined]], [["a", 5n]]]);
    keys.read(slots.read("b.", "a."));
    expect([listed(), [...keys.former(0)]]).toEqual([
      [
        [0, "b", undefined],
        [1, "a", 5n],
      ],
      [],
    ]);
    slots.counted[1] = 2n;
    keys.read(slots.read("b."));
    expect(listed(true)).toEqual([[1, "a", 5n]]);
    keys.read(slots.read("b.", "a.")); // the reading that frees its slot meets it again
    expect(listed()[1]).toEqual([1, "a", 7n]);
  });

  it("are one where they have one text, as long as any of them is there", () => {
    keys.read(slots.read("a1", "a2"));
    slots.counted[1] = 4n;
    keys.read(slots.read("a1"));
    keys.read(slots.read("a1"));
    expect([listed(), [...keys.former(0)]]).toEqual([[[0, "a", 4n]], []]);
    slots.counted[0] = 3n;
    keys.read(slots.read());
    keys.read(slots.read());
    expect([...keys.former(0)]).toEqual([["a", 7n]]);
    keys.read(slots.read(undefined, undefined, "a1", "a3"));
    expect(listed()).toEqual([
      [2, "a", 7n],
      [3, "a", undefined],
    ]);
  });

  it("keep theirs when a reading fails before it frees any", () => {
    keys.read(slots.read("a."));
    slots.counted[0] = 5n;
    keys.read(slots.read());
    const fails = () => {
      throw new Error("the map is closed");
    };
    expect(() => keys.read(fails)).toThrow("the map is closed");
    expect([listed(), [...keys.former(0)]]).toEqual([[[0, "a", undefined]], []]);
    keys.read(slots.read());
    expect([...keys.former(0)]).toEqual([["a", 5n]]);
  });
});

describe("keys that have gone", () => {
  const sums = (n: bigint) => new Map([[0, n]]);

  it("are known as long as there is room, the last that went; and it is said of how many no more is known", () => {
    const former = new FormerKeys("some_stats");
    for (let key = 0; key < 65_536; key++) former.add(`${key}`, sums(BigInt(key)));
    expect(former.problems[0]).toBeUndefined();
    for (let key = 65_536; key < 65_540; key++) former.add(`${key}`, sums(1n));
    expect(former.problems[0]?.message).toMatch(/^What 4 keys of map some_stats had counted .* is forgotten/);
    expect([former.size, former.take("3"), former.take("4")]).toEqual([65_536, undefined, sums(4n)]);
    expect(former.take("4")).toBeUndefined();
  });

  it("are fewer where many CPUs counted them", () => {
    const former = new FormerKeys("some_stats");
    const wide = new Map(Array.from({ length: 1 << 18 }, (_, word) => [word, 1n]));
    for (const key of ["a", "b", "c", "d", "e"]) former.add(key, wide);
    expect([...former.of(5)]).toEqual(["b", "c", "d", "e"].map((key) => [key, 1n]));
    expect(former.problems[0]?.remedy).toMatch(/^Of the last 4 that went/);
    former.take("b");
    for (const key of ["f", "g"]) former.add(key, sums(1n));
    expect([...former.of(0)].map(([key]) => key)).toEqual(["c", "d", "e", "f", "g"]);
  });

  it("aren't gone through where they counted nothing", () => {
    const former = new FormerKeys("some_stats");
    former.add("a", sums(1n));
    former.add("b", new Map([[7, 2n]]));
    expect([[...former.of(0)], [...former.of(7)], [...former.of(1)]]).toEqual([[["a", 1n]], [["b", 2n]], []]);
  });
});
