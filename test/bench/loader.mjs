// SPDX-License-Identifier: MIT
// The library's side of the loading bench: prints the ns from open to attach returned, then detaches. From dist, as users
// run it, and in plain JavaScript, so that no TypeScript loader is in the process.
import { BpfObject } from "../../dist/index.js";

const start = process.hrtime.bigint();
const object = await BpfObject.open(process.argv[2]);
const loaded = await object.load();
await loaded.attach();
process.stdout.write(`${process.hrtime.bigint() - start}\n`);
await loaded[Symbol.asyncDispose]();
