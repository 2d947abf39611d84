// SPDX-License-Identifier: MIT
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import type { OptionsSchema } from "../sinks/sink.js";

/** What checks a part of a config, finds all that is wrong, and fills in defaults. Throws what Ajv does for a schema that is none. */
export const validatorOf = (schema: OptionsSchema): ValidateFunction =>
  new Ajv2020({
    allErrors: true,
    useDefaults: true,
    allowUnionTypes: true,
    verbose: true,
    strict: false,
    strictNumbers: true,
  }).compile(schema);
