// SPDX-License-Identifier: MIT
import { expect, it } from "vitest";
import { Btf } from "../../../src/bpf/btf.js";
import { namesByEnum } from "../../../src/source/naming.js";
import { Writer } from "../kernel/btf_writer.js";

/** BTF with one enum, whose values are 0, 1, 2 and so on. */
function enumOf(name: string, enumerators: readonly string[]): Btf {
  const writer = new Writer();
  writer.add(name, 6, enumerators.length, 4, ...enumerators.flatMap((one, value) => [one, value]));
  return new Btf(writer.bytes());
}

it.each([
  [
    ["ENQ_LOCAL", "ENQ_GLOBAL", "NR_RETRIES", "__STAT_CNT"],
    ["local", "global", "nr_retries"],
  ],
  [
    ["ENQ_LOCAL", "ENQ_GLOBAL", "MAX_DEPTH", "__STAT_CNT"],
    ["local", "global", "max_depth"],
  ],
  [
    ["ENQ_LOCAL", "ENQ_GLOBAL", "COUNT_KEEP", "__STAT_CNT"],
    ["local", "global", "count_keep"],
  ],
  [
    ["ENQ_LOCAL", "ENQ_GLOBAL", "ENQ_NR_KEPT", "NR_ENQ"],
    ["local", "global", "nr_kept"],
  ],
  [
    ["RUSTY_STAT_WAKE", "RUSTY_STAT_LAST", "RUSTY_STAT_PICK", "RUSTY_NR_STATS"],
    ["wake", "last", "pick"],
  ],
])("of %j only the prefix that they have in common is left out", (enumerators, names) => {
  expect(namesByEnum(enumOf("stat_idx", enumerators), names.length, "stats")).toEqual(names);
});
