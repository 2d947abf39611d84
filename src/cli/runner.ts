// SPDX-License-Identifier: MIT

import { resolveObject } from "../bpf/bundled.js";
import { BpfObject, type ProgramUse } from "../bpf/object.js";
import { dropPrivileges, findUser } from "../process/privilege.js";
import { runRealtime } from "../process/realtime.js";
import { groupTargets } from "../protocol/all.js";
import { StatsServer } from "../protocol/server.js";
import { Sampler } from "../sampler/sampler.js";
import { recentExits } from "../scheduler/history.js";
import { superviseScheduler } from "../scheduler/supervise.js";
import { VerifierError } from "../scheduler/verifier.js";
import { SinkFeed } from "../sinks/feed.js";
import type { Sinks } from "../sinks/sinks.js";
import type { Sample } from "../stats/schema.js";
import { assignment } from "./assignment.js";
import { onEnd } from "./ending.js";
import { exitDocument } from "./exit_text.js";
import { showLog } from "./log.js";
import { MissedTicks } from "./missed.js";
import { OutputFile } from "./output_file.js";
import { Printer } from "./printer.js";
import type { RunOptions } from "./run.js";
import { openSinks } from "./sink_specs.js";
import { socketFile } from "./socket_options.js";
import { readStatsMap } from "./stats_map_file.js";
import { statusOfExit } from "./status.js";
import { readText } from "./text_file.js";

/** `scxkit run`: resolves with the exit status when nothing is left to run. */
export async function run(nameOrPath: string, options: RunOptions): Promise<number> {
  showLog(options.verbose ?? false, options.log ?? []);
  const ending = new AbortController();
  using _ = onEnd(() => ending.abort());
  const user = options.user === undefined ? undefined : findUser(options.user);
  using exitDump = options.exitDump === undefined ? undefined : OutputFile.open("--exit-dump", options.exitDump);
  using verifierLog =
    options.verifierLog === undefined ? undefined : OutputFile.open("--verifier-log", options.verifierLog);
  const statsMap = readStatsMap(options.statsMap);
  // What is said of the machine, and so of the fallbacks as well.
  const machine = options.kconfig === undefined ? {} : { kconfig: options.kconfig };
  // What can't be opened is known before the kernel is touched.
  await using sinks = await openSinks(options, ending.signal);
  let sampler: Sampler | undefined;
  const intervalMs = options.stats * 1000;
  const schemaOf = (sample: Sample) => (sampler as Sampler).schemaOf(sample);
  const printer = new Printer({ json: options.json ?? false }, new SinkFeed(sinks, { schemaOf, intervalMs }));
  let server: StatsServer | undefined;
  // A full disk is no reason to leave a machine without its scheduler: it is told at the end.
  let unwritten: unknown;
  const output = (write: () => void) => {
    try {
      write();
    } catch (error) {
      unwritten ??= error;
    }
  };
  let samples: AsyncIterable<Sample> = none();
  try {
    await using supervisor = await superviseScheduler({
      open: (signal) => openWith(nameOrPath, options, signal),
      fallbacks: (options.fallback ?? []).map((name) => (signal) => openWith(name, machine, signal)),
      restart: { policy: options.restart, delayMs: options.restartDelay * 1000, ...options.restartLimit },
      keepLoaded: user !== undefined,
      statsMap,
      loaded: async (stats) => {
        sampler = new Sampler(stats, {
          intervalMs,
          mode: options.mode,
          by: options.by ?? [],
        });
        samples = sampler[Symbol.asyncIterator]();
        if (options.socket !== "none") server = await serve(options, sampler, sinks);
        if (options.rt) runRealtime();
        if (user) dropPrivileges(user);
      },
      exited: (exit, epoch) => {
        printer.exit(exit, epoch);
        output(() => exitDump?.write(recentExits().map(exitDocument).join("\n")));
      },
      failed: (error) => {
        if (error instanceof VerifierError) output(() => verifierLog?.write(`${error.log.join("\n")}\n`));
      },
      signal: ending.signal,
    });
    // Without it the process may end: what runs keeps it.
    const timer = options.duration && setTimeout(() => void supervisor.stop(), options.duration * 1000).unref();
    const missed = new MissedTicks();
    for await (const sample of samples) {
      missed.look(sampler as Sampler);
      printer.sample(sample);
    }
    clearTimeout(timer);
    const { exit, error, waiting } = await supervisor.ended;
    printer.end();
    if (error ?? unwritten) throw error ?? unwritten;
    return exit && !waiting ? statusOfExit(exit) : 0;
  } finally {
    await server?.close();
  }
}

const serve = (options: RunOptions, sampler: Sampler, { queues }: Sinks) => {
  const dropped = () => BigInt(queues.reduce((sum, { counts }) => sum + counts.dropped, 0));
  const targets = groupTargets(sampler, sampler.intervalMs, { dropped });
  return StatsServer.listen({ path: options.socket, sampler, targets, ...socketFile(options) });
};

async function* none(): AsyncGenerator<Sample> {}

/** An object file with what the command line says of its globals and ops. */
async function openWith(
  nameOrPath: string,
  { opsMap, kconfig, program = [], resize = [], set = [], ops = [] }: Partial<RunOptions>,
  signal: AbortSignal,
): Promise<BpfObject> {
  const object = await BpfObject.open(resolveObject(nameOrPath), {
    signal,
    opsMap,
    kconfig: kconfig === undefined ? undefined : readText("--kconfig", kconfig),
  });
  try {
    for (const text of program) {
      const [name, use] = assignment("--program", text);
      object.setProgram(name, use as ProgramUse);
    }
    for (const text of resize) {
      const [global, length] = assignment("--resize", text);
      object.resize(global, Number(length));
    }
    for (const text of set) object.setGlobal(...assignment("--set", text));
    for (const text of ops) object.setOps(...assignment("--ops", text));
    return object;
  } catch (error) {
    object.close();
    throw error;
  }
}
