// SPDX-License-Identifier: MIT
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { generateModule } from "../../../src/gen/module.js";
import { checkout, shippedObject, testObject } from "../../objects.js";

it.each([
  [
    "src/schedulers/simple.ts",
    shippedObject("simple"),
    { library: "../index.js", path: "../../dist/schedulers/simple.bpf.o" },
  ],
  // Has a global of every kind.
  ["test/golden/gen/count.ts", testObject("count"), { library: "../../../src/index.js" }],
])("%s is what its object has now", async (file, object, options) => {
  const [first, ...lines] = readFileSync(join(checkout, file), "utf8").split("\n");
  expect(first).toBe("// SPDX-License-Identifier: MIT");
  expect(await generateModule(object, options), `where ${file} is too old: make gen`).toBe(lines.join("\n"));
});

/** The declaration of a type. */
const declaration = (text: string, name: string): string => {
  const [, body = ""] = new RegExp(`^export type ${name} = (.*?);$(?=\\n\\n)`, "ms").exec(text) ?? [];
  return body;
};

it("has bitfields, parts without a name, arrays, and programs whose context BTF doesn't say", async () => {
  const text = await generateModule(testObject("shapes"));
  expect(declaration(text, "ShapesLimits")).toBe(`{
  /** \`u32\`, 4 bits. */
  readonly low: number;
  /** \`s32\`, 5 bits. */
  readonly high: number;
  /** \`bool\`, 1 bit. */
  readonly on: boolean;
  /** \`enum mood\`, 3 bits. */
  readonly mood: ShapesMood | number;
  /** \`u64\`, 40 bits. */
  readonly wide: bigint;
  /** \`u64\`. */
  readonly all: bigint;
  /** \`u32\`. */
  readonly half: number;
  /** \`s16\`. */
  readonly x: number;
  /** \`s16\`. */
  readonly y: number;
  /** \`double\`. */
  readonly weight: number;
}`);
  expect(declaration(text, "ShapesPrograms")).toBe(`{
  /** Is given \`struct shapes_args\`. */
  shapes_sum: ShapesArgs;
  /** Is given nothing, or bytes of a type that BTF doesn't say. */
  shapes_none: never;
  /** Is given nothing, or bytes of a type that BTF doesn't say. */
  shapes_untyped: never;
}`);
  expect(declaration(text, "ShapesStats")).toBe("StatValues");
  expect(declaration(text, "ShapesOps")).toBe("Record<never, never>");
});

it("has the programs that are neither run nor callbacks, with their sections", async () => {
  const text = await generateModule(testObject("companions"));
  expect(declaration(text, "CompanionsPrograms")).toBe(`{
  /** Is given nothing, or bytes of a type that BTF doesn't say. */
  companions_call: never;
}`);
  expect(declaration(text, "CompanionsCompanions")).toBe(`{
  /** \`tracing\`. */
  companions_switch: "tp_btf/sched_switch";
  /** \`tracepoint\`. */
  companions_exec: "tp/sched/sched_process_exec";
  /** \`raw_tracepoint\`. */
  companions_wakeup: "raw_tp/sched_wakeup";
  /** \`kprobe\`. */
  companions_sleep: "kprobe/do_nanosleep";
  /** \`tracing\`, off unless set. */
  companions_optional: "fentry/scxkit_no_such_function";
  /** \`kprobe\`. */
  companions_unbound: "kprobe";
}`);
});

it("follows no pointer, shows no default of a large buffer, and gives the ops of several schedulers once", async () => {
  const text = await generateModule(testObject("two"));
  expect(declaration(text, "TwoVariables")).toBe(`{
  /** \`u8[8192]\` in .data. */
  buffer: readonly number[];
}`);
  expect(declaration(text, "TwoEntry")).toBe(`{
  /** \`u64[2][3]\`. */
  readonly count: readonly (readonly bigint[])[];
  /** \`struct entry *\`; can't be set. */
  readonly next?: bigint;
}`);
  expect(declaration(text, "TwoOps").match(/timeout_ms/g)).toHaveLength(1);
  expect(text).toContain("Fields of the ops: `first_ops`, a `sched_ext_ops`; `second_ops`, a `sched_ext_ops`.");
});
