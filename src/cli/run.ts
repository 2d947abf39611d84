// SPDX-License-Identifier: MIT
import { type Command, InvalidArgumentError } from "commander";
import { stringify } from "lossless-json";
import { BpfObject } from "../bpf/object.js";
import { ScxError } from "../error.js";
import { requireFree } from "../kernel/sched_ext.js";
import { defaultSocketPath } from "../protocol/path.js";
import { StatsServer } from "../protocol/server.js";
import { Sampler } from "../sampler/sampler.js";
import type { ExitRecord } from "../scheduler/exit.js";
import type { Sample } from "../stats/schema.js";
import { showLog } from "./log.js";
import { bundled, resolveObject } from "./schedulers.js";
import { statusHelp, statusOfExit } from "./status.js";
import { Table } from "./table.js";

interface RunOptions {
  stats: number;
  duration?: number;
  set?: string[];
  ops?: string[];
  socket: string;
  json?: boolean;
  reset?: boolean;
  verbose?: boolean;
  log?: string[];
}

const collect = (value: string, before: string[] = []) => [...before, value];

function seconds(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !(value > 0 && value < 2_147_483)) throw new InvalidArgumentError("Give seconds, over 0.");
  return value;
}

/** Adds `scxkit run`. */
export function addRun(program: Command): void {
  program
    .command("run")
    .description("load a scheduler, let the kernel schedule by it, show its statistics until it leaves")
    .argument(
      "<object|name>",
      `an object file, or a scheduler that scxkit brings: ${bundled().join(", ") || "none is built"}`,
    )
    .option("--stats <secs>", "interval of the statistics in seconds", seconds, 1)
    .option("--duration <secs>", "detach after that many seconds", seconds)
    .option(
      "--set <global=value>",
      "set a global variable of the object, or a part of one: config.low=5 (repeatable)",
      collect,
    )
    .option("--ops <field=value>", "set a field of its sched_ext_ops: timeout_ms=5000 (repeatable)", collect)
    .option("--socket <path|none>", "serve the statistics there (scx_stats protocol)", defaultSocketPath)
    .option("--json", "one JSON object a line: samples, at last the exit")
    .option("--reset", "also reset the counters in the kernel at each interval, exactly")
    .option("-v, --verbose", "say more on stderr, with libbpf's messages and the verifier's log")
    .option("--log <module:level>", "say more of one module: libbpf:debug (repeatable)", collect)
    .addHelpText("after", statusHelp)
    .action(async (object: string, options: RunOptions) => {
      process.exitCode = await run(object, options);
    });
}

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

async function run(nameOrPath: string, options: RunOptions): Promise<number> {
  showLog(options.verbose ?? false, options.log ?? []);
  const object = await BpfObject.open(resolveObject(nameOrPath));
  const name = object.scheduler;
  for (const text of options.set ?? []) object.setGlobal(...assignment("--set", text));
  for (const text of options.ops ?? []) object.setOps(...assignment("--ops", text));
  await using loaded = await object.load();
  const sampler = new Sampler(loaded.stats, { intervalMs: options.stats * 1000, reset: options.reset ?? false });
  // Before anything is replaced: neither a running scheduler nor a socket that can't be had may cost anybody anything.
  requireFree("attach");
  await using _server =
    options.socket === "none" ? undefined : await StatsServer.listen({ path: options.socket, sampler });
  await using scheduler = await loaded.attach();

  using _signals = onSignals(() => void scheduler.detach());
  const timer = options.duration && setTimeout(() => void scheduler.detach(), options.duration * 1000);
  const printer = options.json ? jsonPrinter() : tablePrinter(new Table(sampler.schema, name));
  for await (const sample of sampler) printer.sample(sample);
  clearTimeout(timer);
  const exit = await scheduler.exited;
  printer.exit(exit);
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
    exit: ({ kind, reason, message }) => print(`EXIT: ${reason || kind}${message ? ` (${message})` : ""}`),
  };
}

/** Calls back at the first Ctrl-C or request to end; the second one ends the process as it would have without us. */
function onSignals(callback: () => void): Disposable {
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  const listener = () => {
    for (const signal of signals) process.off(signal, listener);
    callback();
  };
  for (const signal of signals) process.on(signal, listener);
  return { [Symbol.dispose]: () => signals.forEach((signal) => void process.off(signal, listener)) };
}
