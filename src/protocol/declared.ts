// SPDX-License-Identifier: MIT
import { checkGiven } from "../given.js";
import type { StatsDefinition, ValuesOf } from "../stats/define.js";
import { structsOf } from "../stats/meta.js";
import { checkedValues } from "../stats/values.js";
import type { WireValue } from "./json.js";
import { type Session, sharedTarget, type Target } from "./target.js";

/**
 * A target whose values come from user space: what `read` gives is checked against its declaration and sent.
 *
 * With `intervalMs` all clients get the same: `read` is called at most once in that time, and what it gave is sent to whoever
 * asks, as the same bytes. Without it, `read` is called for each request, with its arguments and the client's session.
 * What it throws is the client's error.
 */
export function declaredTarget<F>(
  definition: StatsDefinition<F>,
  read: () => Values<F> | Promise<Values<F>>,
  options: { intervalMs: number },
): Target;
export function declaredTarget<F>(definition: StatsDefinition<F>, read: Read<F>): Target;
export function declaredTarget<F>(
  definition: StatsDefinition<F>,
  read: Read<F>,
  options?: { intervalMs: number },
): Target {
  checkGiven(
    "declare",
    "What a target answers with",
    definition,
    ["name", "stats"],
    "Give what defineStats() has made.",
  );
  const meta = structsOf(definition);
  const check = (values: unknown) => checkedValues(definition, values) as Map<string, WireValue>;
  const checked = (values: Values<F> | Promise<Values<F>>) =>
    values instanceof Promise ? values.then(check) : check(values);
  const together = read as () => Values<F> | Promise<Values<F>>;
  if (options !== undefined) return sharedTarget(() => checked(together()), { ...options, meta });
  return { meta, open: (session) => ({ read: (args) => checked(read(args, session)) }) };
}

type Values<F> = ValuesOf<StatsDefinition<F>>;
type Read<F> = (args: ReadonlyMap<string, string>, session: Session) => Values<F> | Promise<Values<F>>;
