// SPDX-License-Identifier: MIT
import { expect, it } from "vitest";
import { optionOf, paholeOf } from "../../../src/kernel/config.js";

const text = `CONFIG_FIRST=y
CONFIG_HZ=250
# CONFIG_OFF is not set
CONFIG_NAME="a = b"
CONFIG_LAST=m`;

it.each([
  ["CONFIG_FIRST", "y"],
  ["CONFIG_HZ", "250"],
  ["CONFIG_NAME", '"a = b"'],
  ["CONFIG_LAST", "m"],
  ["CONFIG_OFF", undefined],
  ["CONFIG_H", undefined],
  ["HZ", undefined],
])("%s is %s", (option, value) => {
  expect(optionOf(text, option)).toBe(value);
});

it("knows the pahole of the kernel's build", () => {
  expect(paholeOf("CONFIG_PAHOLE_VERSION=130\n")).toBe(130);
  expect(paholeOf(text)).toBeUndefined();
});
