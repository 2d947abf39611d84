// SPDX-License-Identifier: MIT

/**
 * A family's labels as one text, the user attribute `_scx_label`: `type=greedy,queue=shared`. A comma in a value is written `%2C`, and
 * `=` in a name `%3D`; a percent sign is `%25` where else it would begin one of these three, and itself anywhere else. So plain
 * labels look as they always did, and who knows nothing of this reads a value that looks odd, but no label that isn't one.
 */
export const labelText = (labels: Readonly<Record<string, string>>): string =>
  Object.entries(labels)
    .map(([name, value]) => `${escaped(name).replaceAll("=", "%3D")}=${escaped(value)}`)
    .join(",");

/** The inverse of {@link labelText}. */
export const labelsOf = (text: string): Record<string, string> =>
  Object.fromEntries(
    [...text.matchAll(/([^=,]+)=([^,]*)/g)].map(([, name = "", value = ""]) => [plain(name), plain(value)]),
  );

const escaped = (text: string): string => text.replace(/%(?=2C|3D|25)/g, "%25").replaceAll(",", "%2C");

const plain = (text: string): string => text.replace(/%(2C|3D|25)/g, (code) => decodeURIComponent(code));
