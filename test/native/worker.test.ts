// SPDX-License-Identifier: MIT
import { execFile } from "node:child_process";
import { expect, it } from "vitest";
import { cli, shippedObject } from "../objects.js";

// Opens and loads in worker threads that are ended in the middle of it; in a process of its own, which must survive that.
const program = `
  import { Worker, isMainThread, parentPort } from "node:worker_threads";
  import { BpfObject } from ${JSON.stringify(new URL("../index.js", `file://${cli}`).href)};
  if (isMainThread) {
    for (let i = 0; i < 20; i++) {
      const worker = new Worker(new URL(import.meta.url));
      await new Promise((resolve) => {
        worker.once("message", () => setTimeout(() => worker.terminate(), i / 2));
        worker.once("exit", resolve);
      });
    }
    console.log("survived");
  } else {
    parentPort.postMessage("begun");
    for (;;) (await BpfObject.open(${JSON.stringify(shippedObject("simple"))})).close();
  }`;

it("survives worker threads that are ended in the middle of a task", async () => {
  const url = `data:text/javascript,${encodeURIComponent(`${program}\n`)}`;
  const output = await new Promise<string>((resolve, reject) => {
    execFile(
      process.execPath,
      ["--input-type=module", "-e", `await import(${JSON.stringify(url)})`],
      (error, stdout) => (error ? reject(error) : resolve(stdout)),
    );
  });
  expect(output).toBe("survived\n");
});
