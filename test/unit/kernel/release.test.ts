// SPDX-License-Identifier: MIT
import { expect, it } from "vitest";
import { releaseAge, releaseDoubt } from "../../../src/kernel/release.js";

it.each([
  ["5.15.0-generic", "ancient"],
  ["6.11.99", "ancient"],
  ["strange", "ancient"],
  ["6.12.0-rc1", "older"],
  ["6.13.4-arch1-1", "older"],
  ["6.14.0", "older"],
  ["6.15.9", "older"],
  ["6.16.0", "known"],
  ["6.19.2", "known"],
  ["7.0.1", "known"],
  ["7.2.12+deb13-amd64", "known"],
  ["7.3.0-rc1", "newer"],
  ["7.10.1", "newer"],
  ["10.1.0", "newer"],
])("%s is %s", (release, age) => {
  expect(releaseAge(release)).toBe(age);
});

it("warns in one line of what isn't known, and of nothing else", () => {
  expect(releaseDoubt("6.18.15")).toBeUndefined();
  expect(releaseDoubt("6.12.3")).toMatch(/^Linux 6\.12\.3 is older than .* \(6\.16 to 7\.2\): tried all the same$/);
  expect(releaseDoubt("7.3.0")).toMatch(/^Linux 7\.3\.0 is newer than /);
});
