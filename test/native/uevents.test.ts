// SPDX-License-Identifier: MIT
import { writeFileSync } from "node:fs";
import { expect, it } from "vitest";
import { native } from "../../src/native/index.js";

const device = "/devices/virtual/mem/null";
const change = () => writeFileSync(`/sys${device}/uevent`, "change");

/** All calls there are, of which the first that begins so closes it. */
const until = (action: string, done: (calls: string[]) => void) => {
  const calls: string[] = [];
  const uevents = new native.Uevents(device, ([text = ""]) => {
    calls.push(text);
    if (!text.startsWith(action)) return;
    uevents.close();
    setImmediate(done, calls); // what else was waiting has been read by then
  });
};

it("tells of a device's events, and nothing after it was closed", async () => {
  const calls = await new Promise<string[]>((done) => {
    until("change@", done);
    change();
    change();
  });
  expect(calls).toEqual([`change@${device}`]);
});

it("says that events were lost, and nothing after it was closed then", async () => {
  const calls = await new Promise<string[]>((done) => {
    until("lost@", done);
    for (let i = 0; i < 3000; i++) change(); // more than the socket has room for
  });
  expect(calls).toEqual([`lost@${device}`]);
});
