// SPDX-License-Identifier: MIT
// Opens mutants of an object file, and reads all there is to read without privileges: damage.ts OBJECT COUNT. Prints how many
// were opened and refused. Fails at any error but an ScxError, leaving the mutant; the seed is fixed, so that a crash can be
// repeated.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BpfObject } from "../../src/bpf/object.js";
import { ScxError } from "../../src/error.js";

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
    for (const read of [() => object.globals, () => object.ops, () => object.describe()]) {
      try {
        Object.values(read());
      } catch (error) {
        if (!(error instanceof ScxError)) throw error;
      }
    }
    object.close();
  } catch (error) {
    if (!(error instanceof ScxError)) throw error;
    result.refused++;
  }
}
rmSync(folder, { recursive: true });
process.stdout.write(JSON.stringify(result));
