// SPDX-License-Identifier: MIT

/** JSON as it was written: members in their order, numbers by their digits. JSON.parse() keeps neither. */
export type Written =
  | { readonly members: readonly (readonly [string, Written])[] }
  | { readonly items: readonly Written[] }
  | { readonly token: string };

/** The tokens of a text that is known to be JSON, with where they stand: brackets, strings, numbers and words. */
function* tokensOf(text: string): Generator<{ token: string; at: number }, undefined, void> {
  const starts = /["{}[\]]|[^\s,:"{}[\]]+/g;
  for (let found = starts.exec(text); found !== null; found = starts.exec(text)) {
    const at = found.index;
    // Not by the expression: a string of many escapes, which is a peer's, would be too much for its stack.
    if (found[0] === '"') starts.lastIndex = endOfString(text, at) + 1;
    yield { token: text.slice(at, starts.lastIndex), at };
  }
}

const backslash = 92;

/** Where a string ends that starts there, both at their quotes; the text's end where it doesn't. */
export function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end !== -1; end = text.indexOf('"', end + 1)) {
    let escapes = end;
    while (text.charCodeAt(escapes - 1) === backslash) escapes--;
    if ((end - escapes) % 2 === 0) return end;
  }
  return text.length;
}

/** Takes a text apart that is known to be JSON. */
export function readWritten(text: string): Written {
  const found = tokensOf(text);
  const next = () => found.next().value?.token as string;
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
  const end = (after: number) => {
    members.set(name as string, text.slice(start, after));
    name = undefined;
  };
  for (const { token, at } of tokensOf(text)) {
    const opens = token === "{" || token === "[";
    const closes = token === "}" || token === "]";
    if (depth === 1 && !closes) {
      if (name === undefined) name = JSON.parse(token) as string;
      else {
        start = at;
        if (!opens) end(at + token.length);
      }
    }
    if (opens) depth++;
    if (closes && --depth === 1) end(at + 1);
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
