// SPDX-License-Identifier: MIT
import { execFileSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { blankOf } from "../../../src/sampler/blank.js";

const names = ["local", "10", "3", "__proto__", "constructor", 'a"b', "c\\", "d\u2028e", "`;", ""];

describe("a blank", () => {
  it("has just these names, whatever they are, and each is its own", () => {
    const blank = blankOf<number>(names);
    const [one, other] = [blank(), blank()];
    expect(Object.getPrototypeOf(one)).toBe(null);
    expect(Object.keys(one)).toEqual(Object.keys(Object.fromEntries(names.map((name) => [name, 0]))));
    for (const [i, name] of names.entries()) one[name] = i;
    expect(names.map((name) => one[name])).toEqual([...names.keys()]);
    expect(other).toEqual(blank());
    expect(blankOf([])()).toEqual(Object.create(null));
  });

  it("has them in the same order where no code may be made of text", () => {
    const module = JSON.stringify(new URL("../../../src/sampler/blank.ts", import.meta.url).href);
    const script = `import { blankOf } from ${module}; console.log(JSON.stringify(blankOf(${JSON.stringify(names)})()));`;
    const options = ["--disallow-code-generation-from-strings", "--import", "tsx", "--input-type=module", "-e", script];
    expect(execFileSync(process.execPath, options, { encoding: "utf8" })).toBe(`${JSON.stringify(blankOf(names)())}\n`);
  });
});
