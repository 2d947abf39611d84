// SPDX-License-Identifier: MIT
import type { ServerUnderTest } from "./server.js";

/** One rule of the protocol, and how a server is held against it. */
export interface Check {
  /** Stable: programs may match on it. */
  readonly name: string;
  /** The rule, as a sentence. */
  readonly rule: string;
  /** @throws Finding when the server doesn't keep the rule, Untold when that can't be told here */
  run(server: ServerUnderTest): Promise<void>;
}
