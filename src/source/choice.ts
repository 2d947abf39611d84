// SPDX-License-Identifier: MIT
import { ScxError } from "../error.js";

/** What a scheduler is chosen by. */
export interface Choosable {
  readonly name: string;
  readonly id: number;
  readonly maps: Readonly<Record<string, { readonly id: number }>>;
}

/** Which of the schedulers that run is meant. */
export interface Choice {
  /** Its name, or the id of its struct_ops map; the only one unless given. */
  readonly which: string | number | undefined;
  /** In place of these, the id of a map that is pinned: its struct_ops map, or one that it uses. */
  readonly pinned?: number | undefined;
  /** Names of those that run, found or not. */
  readonly running: readonly string[];
}

/**
 * The scheduler that is meant.
 * @throws ScxError ERR_SCX_NOT_RUNNING when it is none of these, ERR_SCX_USAGE when it may be several
 */
export function chooseRunning<One extends Choosable>(all: readonly One[], { which, pinned, running }: Choice): One {
  const isMeant = ({ name, id, maps }: One) => {
    if (pinned !== undefined) return id === pinned || Object.values(maps).some((map) => map.id === pinned);
    return which === undefined || name === which || id === Number(which);
  };
  const meant = all.filter(isMeant);
  const [only, another] = meant;
  if (only && !another) return only;
  if (only)
    throw new ScxError("ERR_SCX_USAGE", {
      op: "read",
      message: `${which === undefined ? "Several schedulers run" : `Several schedulers are "${which}"`}: ${shown(meant)}.`,
      remedy: "Say which, by its name or by the id of its struct_ops map, which is in the brackets.",
    });
  if (all.length > 0) throw notRunning(`No scheduler "${which}" runs.`, `There is ${shown(all)}.`);
  throw nothingFound(running, which);
}

/**
 * The scheduler of the whole machine. One below it may have its name, and was registered after it.
 * @param running names of those that run, found or not, the root one first
 * @throws ScxError ERR_SCX_NOT_RUNNING
 */
export function chooseRoot<One extends Choosable>(all: readonly One[], running: readonly string[]): One {
  const root = all.find(({ name }) => name === running[0]);
  if (!root) throw nothingFound(running);
  return root;
}

function nothingFound([known]: readonly string[], which?: string | number): ScxError {
  if (known !== undefined)
    return notRunning(
      `Scheduler ${known} runs, but nothing is found by which it could be read: no link, and no map that is in use.`,
      "If it began just now, look again; its loader may not have finished yet.",
    );
  const own = "No scheduler runs but the kernel's own.";
  return notRunning(which === undefined ? own : `No scheduler "${which}" runs.`, "Start one: scxkit run simple.");
}

const shown = (all: readonly Choosable[]): string => all.map(({ name, id }) => `${name} (${id})`).join(", ");

const notRunning = (message: string, remedy: string) =>
  new ScxError("ERR_SCX_NOT_RUNNING", { op: "read", message, remedy });
