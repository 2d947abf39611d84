// SPDX-License-Identifier: MIT
import { stringify } from "lossless-json";
import { BpfObject } from "../bpf/object.js";
import { ScxError } from "../error.js";
import { requireFree } from "../kernel/sched_ext.js";
import { StatsServer } from "../protocol/server.js";
import { Sampler } from "../sampler/sampler.js";
import type { ExitRecord } from "../scheduler/exit.js";
import { VerifierError } from "../scheduler/verifier.js";
import type { Sample } from "../stats/schema.js";
import { exitDocument, exitLines } from "./exit_text.js";
import { showLog } from "./log.js";
import { OutputFile } from "./output_file.js";
import type { RunOptions } from "./run.js";
import { resolveObject } from "./schedulers.js";
import { statusOfExit } from "./status.js";
import { Table } from "./table.js";

/** Splits NAME=VALUE. */
function assignment(flag: string, text: string): [string, string] {
  const at = text.indexOf("=");
  if (at < 1)
    throw new ScxError("ERR_SCX_USAGE", {
      op: "set",
      message: `${flag} ${text}: no value given.`,
      remedy: `Write ${flag} NAME=VALUE.`,
    });
  return [text.slice(0, at), text.slice(at + 1)];
}

/** `scxkit run`: resolves with the exit status when the scheduler has left. */
export async function run(nameOrPath: string, options: RunOptions): Promise<number> {
  showLog(options.verbose ?? false, options.log ?? []);
  const ending = new AbortController();
  const { signal } = ending;
  using _ = onEnd(() => ending.abort());

  const object = await BpfObject.open(resolveObject(nameOrPath), { signal, opsMap: options.opsMap });
  for (const text of options.resize ?? []) {
    const [global, length] = assignment("--resize", text);
    object.resize(global, Number(length));
  }
  for (const text of options.set ?? []) object.setGlobal(...assignment("--set", text));
  for (const text of options.ops ?? []) object.setOps(...assignment("--ops", text));
  const name = object.scheduler; // refuses an object without one before the kernel is asked
  using exitDump = options.exitDump === undefined ? undefined : OutputFile.open("--exit-dump", options.exitDump);
  using verifierLog =
    options.verifierLog === undefined ? undefined : OutputFile.open("--verifier-log", options.verifierLog);
  await using loaded = await object.load({ signal }).catch((error: unknown) => {
    if (error instanceof VerifierError) verifierLog?.write(`${error.log.join("\n")}\n`);
    throw error;
  });
  const sampler = new Sampler(loaded.stats, { intervalMs: options.stats * 1000, reset: options.reset ?? false });
  // Before anything is replaced: neither a running scheduler nor a socket that can't be had may cost anybody anything.
  requireFree("attach");
  await using _server =
    options.socket === "none" ? undefined : await StatsServer.listen({ path: options.socket, sampler });
  await using scheduler = await loaded.attach({ signal });

  const detach = () => void scheduler.detach();
  signal.addEventListener("abort", detach);
  const timer = options.duration && setTimeout(detach, options.duration * 1000);
  const printer = options.json ? jsonPrinter() : tablePrinter(new Table(sampler.schema, name));
  for await (const sample of sampler) printer.sample(sample);
  clearTimeout(timer);
  const exit = await scheduler.exited;
  printer.exit(exit);
  exitDump?.write(exitDocument(exit));
  return statusOfExit(exit);
}

interface Printer {
  sample(sample: Sample): void;
  exit(exit: ExitRecord): void;
}

const print = (line: string) => process.stdout.write(`${line}\n`);

function jsonPrinter(): Printer {
  return {
    sample: (sample) => print(stringify(sample) as string),
    exit: ({ kind, number, code, reason, message }) =>
      print(stringify({ exit: { kind, number, code, reason, message } }) as string),
  };
}

function tablePrinter(table: Table): Printer {
  return {
    sample: (sample) => {
      for (const line of table.lines(sample)) print(line);
    },
    exit: (exit) => exitLines(exit).forEach(print),
  };
}

/**
 * Calls back when the user wants no more: at the first Ctrl-C or request to end, or when nobody reads our output any longer
 * (`| head`). A second signal ends the process as it would have without us.
 */
function onEnd(callback: () => void): Disposable {
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  const listener = () => {
    for (const signal of signals) process.off(signal, listener);
    callback();
  };
  for (const signal of signals) process.on(signal, listener);
  process.stdout.on("error", listener);
  return {
    [Symbol.dispose]: () => {
      for (const signal of signals) process.off(signal, listener);
      process.stdout.off("error", listener);
    },
  };
}
