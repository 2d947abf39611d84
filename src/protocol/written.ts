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

/** The text again: without the spaces between its parts, else as it was. */
export function writtenText(at: Written): string {
  if ("token" in at) return at.token;
  if ("items" in at) return `[${at.items.map(writtenText).join(",")}]`;
  return `{${at.members.map(([name, member]) => `${JSON.stringify(name)}:${writtenText(member)}`).join(",")}}`;
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
