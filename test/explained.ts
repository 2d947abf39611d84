// SPDX-License-Identifier: MIT
import { expect } from "vitest";
import { BpfObject } from "../src/bpf/object.js";
import { ScxError } from "../src/error.js";
import { VerifierError } from "../src/scheduler/verifier.js";
import type { LoadCase } from "./load_case.js";

/** Loads a case's object; undefined when the kernel takes it. */
export async function loadCase({ path, fault }: LoadCase): Promise<unknown> {
  const object = await BpfObject.open(path);
  if (fault) object.setGlobal("fault", fault);
  try {
    (await object.load()).close();
    return undefined;
  } catch (error) {
    return error;
  }
}

/** Holds an error against what a case has to be told by. */
export function expectExplained(error: unknown, one: LoadCase): void {
  expect(error).toBeInstanceOf(ScxError);
  expect(error).toMatchObject({ code: one.code, op: "load" });
  const { message, log, errno, cause } = error as ScxError;
  // Some are known before libbpf is asked.
  if (cause !== undefined) expect([errno, log.length]).toEqual([expect.any(Number), expect.toSatisfy((n) => n > 0)]);
  const lines = message.split("\n");
  expect(lines).toHaveLength(2);
  expect(lines[0]).toMatch(one.cause);
  expect(lines[1]).toMatch(one.remedy);
  expect(error instanceof VerifierError).toBe(one.program !== undefined);
  if (!(error instanceof VerifierError)) return;
  expect(error.verifier).toMatchObject({
    program: one.program,
    instruction: expect.stringMatching(one.instruction as RegExp),
    source: { file: "refused.bpf.c", line: expect.any(Number), text: expect.stringMatching(one.source as RegExp) },
  });
}
