// SPDX-License-Identifier: MIT
import { release } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { readConfig } from "../../src/kernel/config.js";
import { schedExt } from "../../src/kernel/sched_ext.js";
import { brokenKfuncs } from "../../src/kernel/types.js";
import { VerifierError } from "../../src/scheduler/verifier.js";
import { expectExplained, loadCase } from "../explained.js";
import { brokenKfunc, differences, longRefusal, refusals, traps } from "../load_case.js";
import { cli, testObject, trapObject } from "../objects.js";
import { Running } from "../vm/process.js";

it.each([...refusals, ...traps])("explains $name", async (one) => {
  expectExplained(await loadCase(one), one);
});

it.each(differences)("explains $name, where the kernel lacks it", async (one) => {
  const error = await loadCase(one);
  const there = schedExt.exists() && one.has.test(release());
  // Where it is there, the verifier may still have something against its arguments.
  if (there) expect(error === undefined || error instanceof VerifierError).toBe(true);
  else expectExplained(error, one);
});

it("explains a kernel that describes its functions wrongly", async ({ skip }) => {
  skip(!schedExt.exists(), "this kernel has no sched_ext");
  const error = await loadCase(brokenKfunc);
  if (brokenKfuncs().includes("scx_bpf_kick_cpu")) expectExplained(error, brokenKfunc);
  else expect(error).toBeUndefined();
});

// A log of two million lines takes the verifier a minute where the machine is emulated.
it("explains a program that is too long", async ({ skip }) => {
  skip(schedExt.exists(), "this kernel has sched_ext, so it is probably an emulated one");
  const error = await loadCase(longRefusal);
  expectExplained(error, longRefusal);
  expect((error as VerifierError).log.length).toBeGreaterThan(100_000);
}, 120_000);

it("explains a program type that the kernel doesn't know", async ({ skip }) => {
  const config = readConfig(release())?.text;
  skip(!config || config.includes("CONFIG_BPF_LIRC_MODE2=y"), "this kernel knows it, or doesn't say");
  const one = {
    name: "no_program_type",
    path: trapObject("no_program_type"),
    code: "ERR_SCX_KERNEL_LACKS",
    cause: /refuses program trap without a word/,
    remedy: /SEC\(\)/,
  } as const;
  expectExplained(await loadCase(one), one);
});

// libbpf blames RLIMIT_MEMLOCK then. They may read all files, as the checkout may be in a folder that only its owner can enter.
it.each([
  [
    "nobody",
    ["--reuid=65534", "--regid=65534", "--clear-groups", "--inh-caps=+dac_override", "--ambient-caps=+dac_override"],
    /\(EPERM\): CAP_BPF and CAP_PERFMON missing\.$/,
  ],
  ["root without CAP_BPF", ["--bounding-set=-all,+perfmon,+dac_override"], /\(EPERM\): CAP_BPF missing\.$/],
])("names the privilege that is missing: %s", async (_, who, cause) => {
  const program = `
    const { BpfObject } = await import(${JSON.stringify(join(cli, "../../index.js"))});
    const object = await BpfObject.open(${JSON.stringify(testObject("count"))});
    await object.load().catch((error) => console.log(JSON.stringify({ ...error, message: error.message })));`;
  const run = new Running("setpriv", [...who, process.execPath, "--input-type=module", "-e", program]);
  expect(await run.end()).toBe(0);
  const error = JSON.parse(run.lines.join("")) as { code: string; message: string; log: string[] };
  expect(error.code).toBe("ERR_SCX_PRIVILEGE");
  const [first, second] = error.message.split("\n");
  expect(first).toMatch(cause);
  expect(second).toMatch(/^Run it as root \(sudo\)|CAP_BPF/);
  expect(error.log.join("\n")).toContain("RLIMIT_MEMLOCK");
});
