// SPDX-License-Identifier: MIT
import type { MetaStruct, StatsMeta } from "./meta.js";
import { topOf } from "./schema_of.js";

/**
 * The struct that describes a reply. For the server's default target and `top` that is the top struct; what other targets
 * answer with the protocol doesn't tell, so it is the one that has exactly the reply's fields. Undefined when none has.
 */
export function describing(meta: StatsMeta, target: string | undefined, reply: unknown): MetaStruct | undefined {
  const top = topOf(meta);
  if (target === undefined || target === "top") return top;
  if (typeof reply !== "object" || reply === null || Array.isArray(reply)) return undefined;
  const names = Object.keys(reply);
  const fits = ({ fields }: MetaStruct) => fields.size === names.length && names.every((name) => fields.has(name));
  return top && fits(top) ? top : [...meta.values()].find(fits);
}
