// SPDX-License-Identifier: MIT

import { causeOf, ScxError } from "../error.js";
import { checkSocketPath } from "../protocol/path.js";
import type { Check } from "./check.js";
import { Finding, Untold } from "./finding.js";
import { framingChecks } from "./framing.js";
import { metadataChecks } from "./metadata.js";
import { replyChecks } from "./reply.js";
import { requestChecks } from "./request.js";
import { ServerUnderTest } from "./server.js";
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
  let met = false;
  for (const check of all) {
    if (signal?.aborted) return;
    if (checks && !checks.includes(check.name)) continue;
    yield await outcomeOf(check, new ServerUnderTest(absolute, timeoutMs), met);
    met = true;
  }
}

/** @param met whether the server was there at the check before: that it has gone is a finding then */
async function outcomeOf(check: Check, server: ServerUnderTest, met: boolean): Promise<ConformResult> {
  const { name, rule } = check;
  try {
    await check.run(server);
    return { check: name, rule, outcome: "passed" };
  } catch (error) {
    if (error instanceof Untold) return { check: name, rule, outcome: "skipped", detail: error.message };
    // Who isn't there, or doesn't let us in, can't be held against anything.
    const absent = error instanceof ScxError && !met && server.said.length === 0;
    if (absent || !(error instanceof Finding || error instanceof ScxError)) throw error;
    return { check: name, rule, outcome: "failed", detail: causeOf(error), said: server.said };
  } finally {
    server.close();
  }
}
