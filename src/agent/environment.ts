// SPDX-License-Identifier: MIT

/** `$$`, `${NAME}` and `${NAME:-default}`, as shells and Docker Compose have them; anything else after a $ is a mistake. */
const reference = /\$(?:(\$)|\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}|)/g;

/**
 * A text with its references to environment variables replaced. `${NAME:-default}` also stands in for one that is empty.
 * @returns what is wrong instead, where a variable isn't set or a $ begins nothing
 */
export function interpolate(
  text: string,
  environment: Readonly<Record<string, string | undefined>>,
): { text: string } | { wrong: string } {
  let wrong: string | undefined;
  const replaced = text.replace(reference, (_, dollar?: string, name?: string, otherwise?: string) => {
    if (dollar) return "$";
    if (name === undefined) {
      wrong ??= 'a "$" that begins no reference to a variable; write $$ for the sign itself';
      return "";
    }
    const value = environment[name];
    if (value !== undefined && (value !== "" || otherwise === undefined)) return value;
    if (otherwise === undefined)
      wrong ??= `the environment variable ${name} is not set, and \${${name}} has no default`;
    return otherwise ?? "";
  });
  return wrong === undefined ? { text: replaced } : { wrong };
}
