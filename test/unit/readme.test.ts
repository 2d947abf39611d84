// SPDX-License-Identifier: MIT
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import * as library from "../../src/index.js";

it("the README imports what the library exports", () => {
  const text = readFileSync(new URL("../../README.md", import.meta.url), "utf8");
  const programs = [...text.matchAll(/```(?:ts|js)\n([\s\S]*?)```/g)].map(([, program = ""]) => program).join("\n");
  const names = [...programs.matchAll(/import \{([^}]*)\} from "scxkit"/g)]
    .flatMap(([, list = ""]) => list.split(",").map((name) => name.trim()))
    .filter((name) => name !== "" && !name.startsWith("type "));
  expect(names).toContain("SinkFeed");
  expect(names.filter((name) => !(name in library))).toEqual([]);
});
