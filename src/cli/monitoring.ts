// SPDX-License-Identifier: MIT
import { Tracker } from "../counters/tracker.js";
import { printable } from "../inspect/printable.js";
import { StatsClient } from "../protocol/client.js";
import { followStats, type StatsReading } from "../protocol/follow.js";
import { memberTexts } from "../protocol/written.js";
import type { DecodedValues } from "../stats/decode.js";
import { helpLines } from "../stats/help.js";
import { untypedValues } from "../stats/untyped.js";
import { assignment } from "./assignment.js";
import { onEnd } from "./ending.js";
import { showLog } from "./log.js";
import type { MonitorOptions } from "./monitor.js";
import { Table } from "./table.js";

const print = (line: string) => process.stdout.write(`${line}\n`);

/** `scxkit monitor`: until the user ends it. */
export async function monitor(secs: number, options: MonitorOptions): Promise<void> {
  const { socket, target, arg = [], once, meta, json, verbose } = options;
  showLog(verbose ?? false, []);
  const ending = new AbortController();
  using _ = onEnd(() => ending.abort());
  if (meta) {
    await describe(socket, json ?? false, ending.signal);
    return;
  }
  const args = Object.fromEntries(arg.map((text) => assignment("--arg", text)));
  const show = json ? (reading: StatsReading) => [replyText(reading.line)] : rows();
  const readings = followStats({
    path: socket,
    intervalMs: secs * 1000,
    target,
    args,
    signal: ending.signal,
    ...(once && { retry: false }),
  });
  for await (const reading of readings) {
    for (const line of show(reading)) print(line);
    if (once) break;
  }
}

async function describe(socket: string, json: boolean, signal: AbortSignal): Promise<void> {
  await using client = await StatsClient.connect(socket, { signal });
  if (json) print(replyText(await client.metaLine({ signal })));
  else for (const line of helpLines(await client.meta({ signal }))) print(printable(line));
}

/** What the server answered with, without the reply's frame. */
const replyText = (line: string): string => memberTexts(memberTexts(line).get("args") ?? "").get("resp") ?? "";

/** Readings as rows for people; counters with what the interval added. */
function rows(): (reading: StatsReading) => string[] {
  const table = new Table(process.stdout.columns);
  const tracker = new Tracker();
  return ({ at, values, schema }) => {
    const stats = schema ? tracker.read(schema, values as DecodedValues) : untypedValues(values);
    // The row has the time that it was read at.
    delete stats.at;
    return table.lines({ at, stats });
  };
}
