// SPDX-License-Identifier: MIT
import { setFlagsFromString } from "node:v8";
import { Agent } from "../agent/agent.js";
import { knownKinds } from "../agent/kinds.js";
import { loadConfig } from "../agent/load.js";
import { ServiceManager } from "../agent/notify.js";
import { configSchema } from "../agent/schema.js";
import { causeOf, ScxError } from "../error.js";
import { longestWait } from "../interval.js";
import type { AgentOptions } from "./agent.js";
import { onEnd } from "./ending.js";
import { showLog } from "./log.js";
import { statusOfExit } from "./status.js";

/** `scxkit agent`: resolves with the exit status when it has ended. */
export async function agent(options: AgentOptions): Promise<number> {
  // It runs for months and makes little garbage a second: room for less of it at once saves 10 MB.
  setFlagsFromString("--semi-space-growth-factor=1");
  showLog(options.verbose ?? false, options.log ?? []);
  if (options.printSchema) {
    process.stdout.write(`${JSON.stringify(configSchema(await knownKinds()), null, 2)}\n`);
    return 0;
  }
  const file = options.config;
  if (file === undefined)
    throw new ScxError("ERR_SCX_USAGE", {
      op: "config",
      message: "No config is named.",
      remedy: "Give one: scxkit agent --config FILE.yaml; README.md has an example.",
    });
  if (options.check) {
    const { sources } = await loadConfig(file);
    for (const { made } of sources) made.close?.();
    process.stdout.write(`${file} can be used.\n`);
    return 0;
  }
  const ending = new AbortController();
  using _end = onEnd(() => ending.abort(), ["SIGINT", "SIGTERM"]);
  const manager = new ServiceManager();
  let running: Agent | undefined;
  let reloads = Promise.resolve();
  let early = false;
  // One after the other, whatever comes meanwhile; what comes before all runs is for then.
  const reload = () => {
    const agent = running;
    if (agent) reloads = reloads.then(() => reloaded(agent, file, manager));
    else early = true;
  };
  process.on("SIGHUP", reload);
  let stray: ScxError | undefined;
  const onStray = (error: unknown) => {
    stray ??= strayError(error);
    ending.abort();
  };
  process.on("uncaughtException", onStray); // rejections that nobody handles, too
  // The process lives on while nothing else would keep it: a config may ask for so little.
  const alive = setInterval(() => {}, longestWait);
  try {
    await using started = await Agent.start(await loadConfig(file), { signal: ending.signal });
    running = started;
    manager.ready(started.status);
    if (early) reload();
    const stopped = new Promise<undefined>((resolve) => {
      if (ending.signal.aborted) resolve(undefined);
      ending.signal.addEventListener("abort", () => resolve(undefined));
    });
    const end = await Promise.race([started.ended, stopped]);
    manager.stopping();
    await started.stop();
    if (stray ?? end?.error) throw stray ?? end?.error;
    return end?.exit && !end.waiting ? statusOfExit(end.exit) : 0;
  } catch (error) {
    throw stray ?? error;
  } finally {
    clearInterval(alive);
    if (!stray) process.off("uncaughtException", onStray); // more of the same may come until the end, and is no news
    process.off("SIGHUP", reload);
  }
}

/** The error of what a component throws or rejects outside of any call: what state it is in then nobody knows. */
const strayError = (cause: unknown): ScxError =>
  new ScxError("ERR_SCX_COMPONENT", {
    op: "agent",
    message: `An error that nobody caught: ${causeOf(cause).replace(/\.$/, "")}.`,
    remedy: "A component has to catch what it does outside of its methods; --verbose shows where it was.",
    log: String((cause as Partial<Error> | null)?.stack ?? cause).split("\n"),
    cause,
  });

/** Goes on by what the file says now; by what it said before, where that can't be used. */
async function reloaded(running: Agent, file: string, manager: ServiceManager): Promise<void> {
  manager.reloading();
  try {
    await running.reload(await loadConfig(file));
    process.stderr.write(`scxkit: ${file} was read again\n`);
  } catch (error) {
    const lines = error instanceof ScxError && error.log.length > 0 ? error.log : [causeOf(error)];
    process.stderr.write(`scxkit: the config stays as it was:\n${lines.map((line) => `  ${line}\n`).join("")}`);
  }
  manager.ready(running.status);
}
