// SPDX-License-Identifier: MIT

/** JSON as it was written: members in their order, numbers by their digits. JSON.parse() keeps neither. */
export type Written =
  | { readonly members: readonly (readonly [string, Written])[] }
  | { readonly items: readonly Written[] }
  | { readonly token: string };

const tokens = /"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\]]|[^\s,:"{}[\]]+/g;

/** Takes a text apart that is known to be JSON. */
export function readWritten(text: string): Written {
  const found = text.matchAll(tokens);
  const next = () => found.next().value?.[0] as string;
  const value = (token: string): Written => {
    if (token === "{") {
      const members: [string, Written][] = [];
      for (let key = next(); key !== "}"; key = next()) members.push([JSON.parse(key) as string, value(next())]);
      return { members };
    }
    if (token === "[") {
      const items: Written[] = [];
      for (let item = next(); item !== "]"; item = next()) items.push(value(item));
      return { items };
    }
    return { token };
  };
  return value(next());
}

/** The texts of an object's members, byte for byte, by their names. */
export function memberTexts(text: string): Map<string, string> {
  const members = new Map<string, string>();
  let depth = 0;
  let name: string | undefined;
  let start = 0;
  const end = (at: number) => {
    members.set(name as string, text.slice(start, at));
    name = undefined;
  };
  for (const { 0: token, index } of text.matchAll(tokens)) {
    const opens = token === "{" || token === "[";
    const closes = token === "}" || token === "]";
    if (depth === 1 && !closes) {
      if (name === undefined) name = JSON.parse(token) as string;
      else {
        start = index;
        if (!opens) end(index + token.length);
      }
    }
    if (opens) depth++;
    if (closes && --depth === 1) end(index + 1);
  }
  return members;
}

/** Calls back with each part of a text, and where it stands. */
export function walk(at: Written, visit: (part: Written, where: string) => void, where = ""): void {
  visit(at, where);
  if ("items" in at) for (const [i, item] of at.items.entries()) walk(item, visit, `${where}[${i}]`);
  else if ("members" in at)
    for (const [name, member] of at.members) walk(member, visit, where === "" ? name : `${where}.${name}`);
}

/** A member of an object by its name. */
export const memberOf = (at: Written | undefined, name: string): Written | undefined =>
  at && "members" in at ? at.members.find(([key]) => key === name)?.[1] : undefined;
