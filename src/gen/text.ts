// SPDX-License-Identifier: MIT

/**
 * Names and texts come from an object file, which anybody may have made: whatever they hold, they must neither end the
 * comment or literal that they stand in nor make it look like something else.
 */

/** What is invisible, or moves what is around it: controls, format characters, line and paragraph separators. */
const unseen = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

const escaped = (char: string): string => `\\u{${char.codePointAt(0)?.toString(16)}}`;

/** A string literal, of double quotes. */
export const literal = (text: string): string =>
  // JSON's escapes are TypeScript's; those of what JSON leaves as it is are only TypeScript's.
  JSON.stringify(text).replace(unseen, escaped);

/** A property's name: as it is where that is one, else as a literal. */
export const property = (name: string): string => (/^[A-Za-z_$][\w$]*$/.test(name) ? name : literal(name));

/** Text for a comment of whatever kind: on one line, without its end. */
export const commentText = (text: string): string => text.replace(unseen, escaped).replaceAll("*/", "*\\/");

/** A doc comment of one paragraph. */
export const comment = (text: string): string => `/** ${commentText(text)} */`;

/** A C name, as code in a comment. */
export const code = (text: string): string => `\`${text.replaceAll("`", "'")}\``;

/** Moves every line to the right. */
export const indent = (text: string): string => text.replace(/^(?=.)/gm, "  ");

/** A member of a type, with its comment. */
export interface Member {
  readonly name: string;
  readonly type: string;
  readonly about: string;
  readonly readonly?: boolean;
  readonly optional?: boolean;
  /** What it can be set from, where that is more than what it is read as. */
  readonly settable?: string;
}

const declaration = ({ name, type, readonly, optional, settable }: Member): string =>
  settable
    ? `get ${property(name)}(): ${type};\nset ${property(name)}(value: ${settable});`
    : `${readonly ? "readonly " : ""}${property(name)}${optional ? "?" : ""}: ${type};`;

/** A type with these members; the last of those that share a name is the one that counts. */
export function typeLiteral(members: Iterable<Member>): string {
  const byName = new Map<string, string>();
  for (const member of members) byName.set(member.name, `${comment(member.about)}\n${declaration(member)}`);
  return byName.size === 0 ? "Record<never, never>" : `{\n${indent([...byName.values()].join("\n"))}\n}`;
}
