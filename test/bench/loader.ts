// SPDX-License-Identifier: MIT
// The library's side of the loading bench: prints the ns from open to attach returned, then detaches. It runs as a
// process of its own, as the C loader does, so that neither has anything cached; from dist, as users run it.
const { BpfObject } = (await import("../../dist/index.js" as string)) as typeof import("../../src/index.js");

const start = process.hrtime.bigint();
const object = await BpfObject.open(process.argv[2] ?? "");
const loaded = await object.load();
await loaded.attach();
process.stdout.write(`${process.hrtime.bigint() - start}\n`);
await loaded[Symbol.asyncDispose]();
