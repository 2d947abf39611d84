// SPDX-License-Identifier: MIT
import { InvalidArgumentError, Option } from "commander";
import { type Domain, domains } from "../kernel/topology.js";

/** `--by DOMAIN`, repeatable. */
export const byOption = (): Option =>
  new Option(
    "--by <domain>",
    "also what is kept per CPU, summed over each cpu, core, llc or node (repeatable)",
  ).argParser((value, before: Domain[] = []) => {
    if (!domains.includes(value as Domain))
      throw new InvalidArgumentError(`Allowed choices are ${domains.join(", ")}.`);
    return [...before, value as Domain];
  });
