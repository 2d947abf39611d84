// SPDX-License-Identifier: MIT
import type { StatsDefinition, ValuesOf } from "../stats/define.js";
import { structsOf } from "../stats/meta.js";
import { checkedValues } from "../stats/values.js";
import type { WireValue } from "./json.js";
import type { Session, Target } from "./target.js";

/**
 * A target whose values come from user space: what `read` gives is checked against its declaration and sent.
 * @param read called for each request, with its arguments; what it throws is the client's error
 */
export function declaredTarget<F>(
  definition: StatsDefinition<F>,
  read: (
    args: ReadonlyMap<string, string>,
    session: Session,
  ) => ValuesOf<StatsDefinition<F>> | Promise<ValuesOf<StatsDefinition<F>>>,
): Target {
  const send = (values: object) => checkedValues(definition, values) as Map<string, WireValue>;
  return {
    meta: structsOf(definition),
    open: (session) => ({
      read: (args) => {
        const values = read(args, session);
        return values instanceof Promise ? values.then(send) : send(values as object);
      },
    }),
  };
}
