// SPDX-License-Identifier: MIT
import { ScxError } from "../error.js";

/**
 * Loads a package that only one sink needs and that is not installed with scxkit (an optional peer dependency). To be called
 * in {@link Sink.open}, with a literal import so that its types are known:
 *
 *     const { StatsD } = await loadPeer("statsd", "hot-shots", () => import("hot-shots"));
 *
 * @param sink the sink's name
 * @param what what to install: a package's name, or several with a blank between
 * @throws ScxError ERR_SCX_PEER_MISSING, with the command that installs it
 */
export async function loadPeer<T>(sink: string, what: string, load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code !== "ERR_MODULE_NOT_FOUND" && code !== "MODULE_NOT_FOUND") throw cause;
    throw peerMissing(sink, what, cause);
  }
}

/** The error for a package that a sink needs. */
export const peerMissing = (sink: string, what: string, cause: unknown): ScxError =>
  new ScxError("ERR_SCX_PEER_MISSING", {
    op: "sink",
    message: `Sink ${sink} needs ${what}, which isn't installed.`,
    remedy: `Install it beside scxkit: npm install ${what}`,
    cause,
  });
