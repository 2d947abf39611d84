// SPDX-License-Identifier: MIT
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { functionsOfModules } from "../../../src/kernel/module_btf.js";
import { Writer } from "./btf_writer.js";

const [INT, STRUCT, FUNC] = [1, 4, 12];

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "scxkit-btf-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const put = (name: string, btf: Writer) => writeFileSync(join(folder, name), btf.bytes());

it("finds functions in the BTF of modules, by their own strings", () => {
  const kernel = new Writer();
  kernel.add("int", INT, 0, 4, 0);
  put("vmlinux", kernel);
  const first = new Writer(kernel.size);
  first.add("bpf_first", FUNC, 0, 1);
  first.add("parts", STRUCT, 1, 8, "bpf_member", 1, 0);
  first.add("bpf_after", FUNC, 0, 1);
  put("module_a", first);
  const second = new Writer(kernel.size);
  second.add("bpf_second_and_more", FUNC, 0, 1);
  second.add("bpf_second", FUNC, 0, 1);
  put("module_b", second);

  const wanted = ["bpf_first", "bpf_after", "bpf_second", "bpf_member", "bpf_nothing", "int", "first"];
  expect([...functionsOfModules(wanted, folder)].sort()).toEqual([
    ["bpf_after", "module_a"],
    ["bpf_first", "module_a"],
    ["bpf_second", "module_b"],
  ]);
});

it("finds one whose name the kernel has for something else", () => {
  const kernel = new Writer();
  kernel.add("shared_name", STRUCT, 0, 8);
  const at = 1; // behind the empty string
  put("vmlinux", kernel);
  // A module's type with a name of the kernel's strings: its offset is below the kernel's length.
  const words = [0x0001_eb9f, 24, 0, 12, 12, 0, at, FUNC << 24, 1];
  writeFileSync(join(folder, "module"), Buffer.from(Uint32Array.from(words).buffer));
  expect(functionsOfModules(["shared_name"], folder).get("shared_name")).toBe("module");
});

it("has nothing to say where nothing can be read", () => {
  expect(functionsOfModules(["any"], join(folder, "nowhere")).size).toBe(0);
  put("vmlinux", new Writer());
  writeFileSync(join(folder, "broken"), "no BTF at all, but long enough for a header");
  writeFileSync(join(folder, "short"), "x");
  expect(functionsOfModules(["any"], folder).size).toBe(0);
});
