// SPDX-License-Identifier: MIT
import type { Actuator } from "./actuator.js";
import type { ObjectSettings } from "./config.js";

/** Actuator `switch`: runs another scheduler in place of the one that runs. */
export const actuator = {
  options: {
    type: "object",
    additionalProperties: false,
    description: "runs another scheduler",
    properties: {
      object: {
        type: "string",
        minLength: 1,
        description: "an object file, or the name of a scheduler that scxkit brings",
      },
      set: { type: "object", description: "its global variables" },
    },
    required: ["object"],
  },
  isObject: true,
  create: (options: ObjectSettings): Actuator => ({
    describe: () => `switch to ${options.object}`,
    act: (_, control) => control.switchTo(options),
  }),
};
