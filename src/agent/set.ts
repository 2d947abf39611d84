// SPDX-License-Identifier: MIT
import type { Actuator } from "./actuator.js";

interface SetOptions {
  global: string;
  value: unknown;
}

/** Actuator `set`: writes one of the scheduler's globals. */
export const actuator = {
  options: {
    type: "object",
    additionalProperties: false,
    description: "writes one of the scheduler's global variables",
    properties: {
      global: { type: "string", minLength: 1, description: "the variable, or a part of it: config.low" },
      value: { description: "what it is set to" },
    },
    required: ["global", "value"],
  },
  create: ({ global, value }: SetOptions): Actuator => ({
    describe: () => `set ${global} to ${JSON.stringify(value)}`,
    act: (_, control) => control.setGlobal(global, value),
  }),
};
