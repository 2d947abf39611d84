// SPDX-License-Identifier: MIT
import { describe, expect, it } from "vitest";
import { labelsOf, labelText } from "../../../src/stats/label_text.js";

/** As every reader from before commas could be in it takes it apart. */
const formerly = (text: string) =>
  Object.fromEntries([...text.matchAll(/([^=,]+)=([^,]*)/g)].map(([, label, value]) => [label, value]));

describe("labels as a text", () => {
  it.each([
    [{ type: "greedy" }, "type=greedy"],
    [{ type: "greedy", node: "0" }, "type=greedy,node=0"],
    [{ share: "50%", of: "a=b", none: "", odd: "100%20" }, "share=50%,of=a=b,none=,odd=100%20"],
    [{}, ""],
  ])("%j that are plain look as they always did", (labels, text) => {
    expect(labelText(labels)).toBe(text);
    expect([labelsOf(text), formerly(text)]).toEqual([labels, labels]);
  });

  it.each([
    { cpus: "0-3,8-11" },
    { queue: "a,b" },
    { queue: "a,c=d", other: "," },
    { queue: ",,", type: "=,=" },
    { queue: "%2C", type: "%25", both: "%252C,%3D" },
    { queue: "%%2C", type: "%2,5%", cut: "%2" },
    { "a=b,c": "d" },
    { ["__proto__"]: "x,y" },
  ])("%j come back as they were, and to who knows of no escapes as as many", (labels) => {
    const text = labelText(labels);
    expect(Object.entries(labelsOf(text))).toEqual(Object.entries(labels));
    expect(Object.keys(formerly(text))).toHaveLength(Object.keys(labels).length);
  });

  it("of all short texts of these characters come back as they were", () => {
    const characters = ["%", "2", "5", "C", "3", "D", ",", "=", "a"];
    const texts = (length: number): string[] =>
      length === 0 ? [""] : texts(length - 1).flatMap((text) => characters.map((one) => text + one));
    for (const value of texts(5)) if (labelsOf(labelText({ l: value })).l !== value) expect.fail(value);
  });
});
