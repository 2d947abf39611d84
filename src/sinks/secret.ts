// SPDX-License-Identifier: MIT
import { ScxError } from "../error.js";
import { readFile } from "../read_file.js";

/**
 * What stands in a file that an option names, without blanks around it: a token, which a command line would show to everybody.
 * @throws ScxError ERR_SCX_FILE_NOT_FOUND, ERR_SCX_FILE_UNREADABLE; ERR_SCX_USAGE for an empty one
 */
export function readSecret(sink: string, path: string): string {
  const text = readFile(`Sink ${sink}: ${path}`, path).toString().trim();
  if (text !== "") return text;
  throw new ScxError("ERR_SCX_USAGE", {
    op: "sink",
    message: `Sink ${sink}: ${path} is empty.`,
    remedy: "Write the token into it.",
  });
}

/** An address that can't be used, as a message may show it: without user and password. */
export const withoutLogin = (url: string): string => url.replace(/\/\/.*@/s, "//…@");

/**
 * What is made of a certificate and its key.
 * @throws ScxError ERR_SCX_USAGE where they are none, or don't belong together
 */
export function withCertificate<T>(sink: string, make: () => T): T {
  try {
    return make();
  } catch (cause) {
    throw new ScxError("ERR_SCX_USAGE", {
      op: "sink",
      message: `Sink ${sink} can't use the certificate or its key: ${(cause as Error).message}.`,
      remedy: "Give a certificate and its own key as PEM files.",
      cause,
    });
  }
}
