// SPDX-License-Identifier: MIT
import { ScxError } from "../error.js";

/** Splits NAME=VALUE. @throws ScxError ERR_SCX_USAGE */
export function assignment(flag: string, text: string): [string, string] {
  const at = text.indexOf("=");
  if (at < 1)
    throw new ScxError("ERR_SCX_USAGE", {
      op: "set",
      message: `${flag} ${text}: no value given.`,
      remedy: `Write ${flag} NAME=VALUE.`,
    });
  return [text.slice(0, at), text.slice(at + 1)];
}
