// SPDX-License-Identifier: MIT
import { expect, it } from "vitest";
import { BpfObject } from "../../src/bpf/object.js";
import { testObject } from "../objects.js";

// libbpf 1.4 and 1.5 lose the map by the heap's whim, which differs from one opening to the next; then load() takes the process
// down. What isn't closed between keeps the heap moving.
it("loads variables in an arena, however often", async ({ skip }) => {
  if (process.env.SCXKIT_ADDON)
    skip("the sanitizers' heap moves every array that grows: libbpf up to 1.5 always loses the map there");
  const kept: BpfObject[] = [];
  for (let i = 0; i < 40; i++) {
    const object = await BpfObject.open(testObject("arena"));
    if (i % 2 === 0) kept.push(await BpfObject.open(testObject("arena")));
    await using loaded = await object.load();
    expect(loaded.run("answer")).toBe(42 + 8);
  }
  for (const object of kept) object.close();
});
