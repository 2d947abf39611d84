// SPDX-License-Identifier: MIT

import { release } from "node:os";
import { afterEach, expect, it } from "vitest";
import { BpfObject, VerifierError } from "../../src/index.js";
import { knownKfuncs } from "../../src/kernel/kfunc.js";
import { kernelBtf } from "../../src/kernel/sched_ext.js";
import { testObject } from "../objects.js";
import { kernelIsFree, scxkit } from "./process.js";

afterEach(kernelIsFree);

const refuse = async (name: string): Promise<VerifierError> => {
  const object = await BpfObject.open(testObject(name));
  const error = await object.load().then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(VerifierError);
  return error as VerifierError;
};

it("names the callback, the instruction and the source line", async () => {
  const { verifier, message, log } = await refuse("verifier_reject");
  expect(verifier).toEqual({
    program: "verifier_reject_enqueue",
    instruction: expect.stringMatching(/^\d+: \(79\) r\d+ = \*\(u64 \*\)\(r0 \+0\)$/),
    reason: "R0 invalid mem access 'map_value_or_null'",
    source: { file: "verifier_reject.bpf.c", line: 20, text: expect.stringMatching(/^\*weight \+= 1;/) },
  });
  expect(message.split("\n")).toHaveLength(2);
  expect(log.at(-1)).toMatch(/^processed \d+ insns/);
});

it("knows a callback that may not sleep", async () => {
  const { verifier, remedy } = await refuse("sleepless");
  expect(verifier).toMatchObject({
    program: "sleepless_enqueue",
    instruction: expect.stringMatching(/call scx_bpf_create_dsq#\d+$/),
    source: { text: expect.stringContaining("scx_bpf_create_dsq(7, -1)") },
  });
  // 6.16 and 6.18 ask whether it may sleep, 7.2 which callback it is.
  expect(remedy).toMatch(/sleep.*SEC\("struct_ops\.s/);
});

it("is told on the command line in two lines", async () => {
  const run = scxkit("run", testObject("verifier_reject"), "--socket", "none");
  expect(await run.end()).toBe(65);
  expect(run.stderr).toMatch(
    /^scxkit: The verifier refused program verifier_reject_enqueue at \d+: .*map_value_or_null'\. \[ERR_SCX_VERIFIER\]\n {2}It may be NULL .*verifier_reject\.bpf\.c:20.*\n$/,
  );
});

it("knows which functions came and went, as this kernel's BTF has it", async () => {
  const btf = await kernelBtf();
  const here = /^\d+\.\d+/.exec(release())?.[0] ?? "";
  for (const [name, where] of knownKfuncs()) {
    const has = { "6.16": /^6\.16/, "6.18": /^6\.18/, "7.2": /^7\.2/ }[here]?.test(where);
    const lacks = where.split(", ")[1]?.includes(here);
    if (has || lacks) expect([name, btf.hasFunction(name)]).toEqual([name, has]);
  }
});
