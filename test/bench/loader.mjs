// SPDX-License-Identifier: MIT
// The library's side of the loading bench: from dist, as users run it, and in plain JavaScript, so that no TypeScript loader
// need be in the process. `node loader.mjs OBJECT` prints the ns.
import { BpfObject } from "../../dist/index.js";

/** The ns from open to attach returned; detaches afterwards. */
export async function openToAttached(path) {
  const start = process.hrtime.bigint();
  const object = await BpfObject.open(path);
  const loaded = await object.load();
  await loaded.attach();
  const took = process.hrtime.bigint() - start;
  await loaded[Symbol.asyncDispose]();
  return took;
}

if (process.argv[1] === import.meta.filename) process.stdout.write(`${await openToAttached(process.argv[2])}\n`);
