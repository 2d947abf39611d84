// SPDX-License-Identifier: MIT
// Opens mutants of an object file, and reads all there is to read without privileges: damage.ts OBJECT COUNT. Prints how many
// were opened and refused. Fails at any error but an ScxError, leaving the mutant; the seed is fixed, so that a crash can be
// repeated.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "lossless-json";
import { BpfObject } from "../../src/bpf/object.js";
import { ScxError } from "../../src/error.js";
import { moduleText } from "../../src/gen/module.js";
import { kernelNeeds } from "../../src/inspect/kernel.js";
import { describeStats } from "../../src/inspect/object.js";
import { describeLines } from "../../src/inspect/print.js";
import { planStats } from "../../src/source/plan.js";

const [path = "", count = "0"] = process.argv.slice(2);
const original = readFileSync(path);

let state = 0x9e3779b9;
/** xorshift32: a number below n. */
function random(n: number): number {
  state ^= state << 13;
  state ^= state >>> 17;
  state ^= state << 5;
  return (state >>> 0) % n;
}

/** As `scxkit inspect` does it, for people and as JSON; there it stands as text, so that all of it is decoded. */
function show(object: BpfObject): string[] {
  const described = object.describe();
  const stats = describeStats(planStats([{ btf: object.btf, ...described }]), object.name, true);
  const kernel = { release: "6.18.0", schedExt: true, structs: [], members: [], kfuncs: [], config: [] };
  const whole = { name: object.name, ...described, ...stats, kernel };
  return [...describeLines(whole), stringify(whole) ?? ""];
}

const needs = async (object: BpfObject) => kernelNeeds(object.describe());

function onlyOurs(error: unknown): void {
  if (!(error instanceof ScxError)) throw error;
}

const folder = mkdtempSync(join(tmpdir(), "scxkit-damage-"));
const file = join(folder, "mutant.bpf.o");
const extremes = [0, 1, 0x7f, 0x80, 0xff];
const result = { opened: 0, refused: 0 };
for (let i = 0; i < Number(count); i++) {
  const bytes = Buffer.from(original);
  for (let change = 1 + random(8); change > 0; change--) {
    const at = random(bytes.length);
    if (random(2) === 0) bytes[at] = extremes[random(extremes.length)] ?? 0;
    else bytes.writeUInt8(random(256), at);
  }
  // Half of them in the section headers and symbols, at the end of the file, where it hurts most.
  if (random(2) === 0)
    for (let change = 4; change > 0; change--)
      bytes[bytes.length - 1 - random(Math.min(8192, bytes.length))] = random(256);
  const mutant = random(20) === 0 ? bytes.subarray(0, random(bytes.length)) : bytes;
  writeFileSync(file, mutant);
  try {
    const object = await BpfObject.open(file);
    result.opened++;
    // Reading decodes what BTF says is there, which may be refused as well.
    for (const read of [() => object.globals, () => object.ops, () => show(object), () => [moduleText(object, {})]]) {
      try {
        Object.values(read());
      } catch (error) {
        onlyOurs(error);
      }
    }
    // Asking the kernel takes a hundred times as long as all the rest.
    if (i % 100 === 0) await needs(object).catch(onlyOurs);
    object.close();
  } catch (error) {
    onlyOurs(error);
    result.refused++;
  }
}
rmSync(folder, { recursive: true });
process.stdout.write(JSON.stringify(result));
