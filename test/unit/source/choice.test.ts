// SPDX-License-Identifier: MIT
import { describe, expect, it } from "vitest";
import { chooseRoot, chooseRunning } from "../../../src/source/choice.js";

const scheduler = (name: string, id: number, map = id + 100) => ({ name, id, maps: { stats: { id: map } } });
const [root, below, twin] = [scheduler("root", 1), scheduler("below", 2), scheduler("below", 3)];
const choose = (
  all: readonly (typeof root)[],
  which?: string | number,
  pinned?: number,
  running = all.map((one) => one.name),
) => chooseRunning(all, { which, pinned, running });
const refusal = (code: string, message: RegExp, remedy: RegExp) =>
  expect.objectContaining({
    code,
    message: expect.stringMatching(message),
    remedy: expect.stringMatching(remedy),
  });

describe("which scheduler is meant", () => {
  it("is the only one, or the one of that name, id or pin", () => {
    expect(choose([root])).toBe(root);
    expect([choose([root, below], "below"), choose([root, below], 1), choose([root, below], "2")]).toEqual([
      below,
      root,
      below,
    ]);
    expect([choose([root, below], "/pin", 1), choose([root, below], "/pin", 102)]).toEqual([root, below]);
  });

  it("is nobody's guess where it may be several", () => {
    expect(() => choose([root, below])).toThrow(
      refusal("ERR_SCX_USAGE", /^Several schedulers run: root \(1\), below \(2\)\./, /by its name or by the id/),
    );
    expect(() => choose([root, below, twin], "below")).toThrow(
      refusal("ERR_SCX_USAGE", /^Several schedulers are "below": below \(2\), below \(3\)\./, /the id/),
    );
    expect(choose([root, below, twin], 3)).toBe(twin);
  });

  it("isn't there: what is, is said", () => {
    const code = "ERR_SCX_NOT_RUNNING";
    expect(() => choose([])).toThrow(refusal(code, /^No scheduler runs but the kernel's own/, /^Start one/));
    expect(() => choose([], "mine")).toThrow(refusal(code, /^No scheduler "mine" runs/, /^Start one/));
    expect(() => choose([root], "mine")).toThrow(refusal(code, /^No scheduler "mine" runs/, /^There is root \(1\)/));
    expect(() => choose([], undefined, undefined, ["theirs"])).toThrow(
      refusal(code, /^Scheduler theirs runs, but nothing is found/, /look again/),
    );
  });
});

describe("the scheduler of the whole machine", () => {
  it("is found beside those below it, of its name too", () => {
    expect(chooseRoot([below, root], ["root", "below"])).toBe(root);
    expect(chooseRoot([below, twin], ["below", "below"])).toBe(below);
  });

  it("may not be found yet, or run any more", () => {
    const code = "ERR_SCX_NOT_RUNNING";
    expect(() => chooseRoot([below], ["root", "below"])).toThrow(refusal(code, /^Scheduler root runs, but/, /again/));
    expect(() => chooseRoot([root], [])).toThrow(refusal(code, /^No scheduler runs but/, /^Start one/));
  });
});
