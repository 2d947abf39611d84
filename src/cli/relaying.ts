// SPDX-License-Identifier: MIT
import { Recorder, readRecording } from "../relay/recording.js";
import { StatsRelay } from "../relay/relay.js";
import { StatsReplay } from "../relay/replay.js";
import { onEnd } from "./ending.js";
import { showLog } from "./log.js";
import type { RelayCommandOptions } from "./relay.js";
import type { ReplayCommandOptions } from "./replay.js";
import { socketFile } from "./socket_options.js";

/** `scxkit relay`: until the user ends it, or what it records can't be written. */
export async function relay(options: RelayCommandOptions): Promise<void> {
  const { from, socket, interval, record, verbose } = options;
  showLog(verbose ?? false, []);
  using recorder = record === undefined ? undefined : new Recorder(record);
  await using running = await StatsRelay.start({
    upstream: from,
    path: socket,
    intervalMs: interval * 1000,
    record: recorder && ((exchange) => recorder.write(exchange)),
    ...socketFile(options),
  });
  using _ = onEnd(() => void running.close());
  await running.ended;
}

/** `scxkit replay`: until the recording is over, or the user ends it. */
export async function replay(file: string, options: ReplayCommandOptions): Promise<void> {
  const { socket, speed, step, loop, verbose } = options;
  showLog(verbose ?? false, []);
  const exchanges = await readRecording(file);
  await using running = await StatsReplay.start({ path: socket, exchanges, speed, step, loop, ...socketFile(options) });
  using _ = onEnd(() => void running.close());
  await running.ended;
}
