// SPDX-License-Identifier: MIT

import { causeOf, ScxError } from "../error.js";
import { checkSocketPath } from "../protocol/path.js";
import { EACCES, parseReply } from "../protocol/reply.js";
import type { Check } from "./check.js";
import { Finding, Untold } from "./finding.js";
import { framingChecks } from "./framing.js";
import { metadataChecks } from "./metadata.js";
import { replyChecks } from "./reply.js";
import { requestChecks } from "./request.js";
import { anyRequest, ask, isFirstRelease, ServerUnderTest } from "./server.js";
import { sessionChecks } from "./session.js";
import type { Said } from "./wire.js";

/** All checks, in the order in which they are made. */
export const conformChecks: readonly Pick<Check, "name" | "rule">[] = [
  ...framingChecks,
  ...requestChecks,
  ...metadataChecks,
  ...replyChecks,
  ...sessionChecks,
];

/** What came of one check. */
export interface ConformResult {
  check: string;
  rule: string;
  /** `skipped` where it can't be told of this server. */
  outcome: "passed" | "failed" | "skipped";
  /** What is wrong, or why it can't be told. */
  detail?: string;
  /** What was sent and received, by which connection, when it failed. */
  said?: readonly Said[];
}

export interface ConformOptions {
  /** ms that the server may take for each answer; 2000 unless said otherwise. */
  timeoutMs?: number | undefined;
  /** Names of the checks to be made; all unless given. */
  checks?: readonly string[] | undefined;
  /** Breaks off the check that is being made, and ends. */
  signal?: AbortSignal | undefined;
}

/**
 * Holds the server at a path against the scx_stats protocol as upstream's clients rely on it, rule by rule. What it asks
 * changes nothing but baselines of its own connections.
 *
 * @throws ScxError when iterated: ERR_SCX_CONNECT, ERR_SCX_PRIVILEGE, ERR_SCX_SOCKET_PATH when nobody can be asked,
 * ERR_SCX_USAGE for a check that there isn't
 */
export async function* conform(path: string, options: ConformOptions = {}): AsyncGenerator<ConformResult, void, void> {
  const { timeoutMs = 2000, checks, signal } = options;
  const absolute = checkSocketPath(path, "connect");
  const all = conformChecks as readonly Check[];
  const unknown = checks?.find((name) => !all.some((check) => check.name === name));
  if (unknown !== undefined)
    throw new ScxError("ERR_SCX_USAGE", {
      op: "conform",
      message: `There is no check "${unknown}".`,
      remedy: `Name one of ${all.map(({ name }) => name).join(", ")}.`,
    });
  const first = await withServer(meet);
  for (const check of all) {
    if (signal?.aborted) return;
    if (checks && !checks.includes(check.name)) continue;
    const { name, rule } = check;
    const outcome: ConformResult =
      first && name !== "request-names"
        ? { check: name, rule, outcome: "skipped", detail: firstRelease }
        : await withServer((server) => outcomeOf(check, server));
    // What was broken off tells nothing.
    if (!signal?.aborted) yield outcome;
  }

  async function withServer<T>(act: (server: ServerUnderTest) => Promise<T>): Promise<T> {
    const server = new ServerUnderTest(absolute, timeoutMs);
    const cut = () => server.close();
    signal?.addEventListener("abort", cut);
    try {
      return await act(server);
    } finally {
      signal?.removeEventListener("abort", cut);
      cut();
    }
  }
}

const firstRelease = "it is a server of upstream's first release, whose requests have other names";

/**
 * Sees whether anybody is there who lets us in, and whether it is a server of the first release.
 * @throws ScxError of who isn't, or doesn't
 */
async function meet(server: ServerUnderTest): Promise<boolean> {
  try {
    const wire = await server.connect();
    const { errno, line } = await ask(wire, anyRequest);
    if (errno === EACCES) parseReply(line); // throws it
    return await isFirstRelease(wire);
  } catch (error) {
    if (error instanceof Finding) return false; // which the checks will have, too
    throw error;
  }
}

async function outcomeOf(check: Check, server: ServerUnderTest): Promise<ConformResult> {
  const { name, rule } = check;
  try {
    await check.run(server);
    return { check: name, rule, outcome: "passed" };
  } catch (error) {
    if (error instanceof Untold) return { check: name, rule, outcome: "skipped", detail: error.message };
    // That it has gone meanwhile is a finding, too.
    if (!(error instanceof Finding || error instanceof ScxError)) throw error;
    return { check: name, rule, outcome: "failed", detail: causeOf(error), said: server.said };
  }
}
