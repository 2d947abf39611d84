// SPDX-License-Identifier: MIT
import { logger } from "../diagnostics.js";
import type { SinkQueue } from "../sinks/queue.js";
import type { SinkRecord } from "../sinks/sink.js";
import type { SinkPart } from "./parts.js";

const log = logger("agent");

interface Outlet {
  readonly part: SinkPart;
  readonly queue: SinkQueue;
}

/** A record that comes while it isn't settled who gets it. */
interface Held {
  readonly record: SinkRecord;
  /** Names of the sinks that want it. */
  readonly names: ReadonlySet<string>;
}

/** The sinks that are open; others may follow while records come. */
export class Outlets {
  /** By key; those whose config is the same stay. */
  #open = new Map<string, Outlet>();
  /** Those that are to go, unless they are taken again before it is settled. */
  #leaving = new Map<string, Outlet>();
  /** Keys of those that either take another's place or leave it to another: both may write to the same, so only one gets what comes. */
  readonly #unsettled = new Set<string>();
  #held: Held[] = [];
  /** Those that were closed to make room, by name: what was held for them is lost where none of that name is there in the end. */
  readonly #closed = new Map<string, Outlet>();
  /** All that aren't closed, and what those that are have dropped. */
  readonly #alive = new Set<SinkQueue>();
  #droppedBefore = 0;

  get count(): number {
    return this.#open.size;
  }

  get queues(): SinkQueue[] {
    return [...this.#open.values()].map(({ queue }) => queue);
  }

  /** Records that sinks never took, of all that there were. */
  get dropped(): number {
    return [...this.#alive].reduce((sum, { counts }) => sum + counts.dropped, this.#droppedBefore);
  }

  /**
   * These from now on; those that aren't among them stay open until {@link settle}, and are taken again as they are until then. What comes
   * meanwhile for new ones, and for those whose names these have, is held until it is known which stay. When one can't be opened all is as
   * before: nothing was closed, unless it wanted what one has that is to go (the same port). Those had to make room then, which is said, and
   * were opened again.
   * @param deadlineMs for what waits in those that make room
   * @throws what the first failing sink's `open` does
   */
  async use(parts: readonly SinkPart[], signal: AbortSignal, deadlineMs: number): Promise<void> {
    const before = new Map([...this.#leaving, ...this.#open]);
    const added = parts.filter(({ key }) => !before.has(key));
    const gone = [...before.values()].filter(({ part }) => !parts.some(({ key }) => key === part.key));
    let opened = await openAll(added, signal);
    if ("failures" in opened && gone.length > 0 && opened.failures.every(isHeld)) {
      for (const { part } of gone) this.#unsettled.add(part.key);
      for (const one of gone) this.#closed.set(one.part.name, one);
      await this.#close(gone, deadlineMs);
      for (const { part } of gone) before.delete(part.key);
      opened = await openAll(added, signal);
      if ("failures" in opened) {
        log.warn(`closed for a moment, in vain: ${gone.map(({ part }) => part.name).join(", ")}`);
        await this.#reopen(gone, signal);
      }
    }
    if ("failures" in opened) throw opened.failures[0];
    this.#add(opened.outlets);
    const all = new Map([...before, ...byKey(opened.outlets)]);
    this.#open = new Map(parts.map((part) => [part.key, named(part, all.get(part.key) as Outlet)]));
    this.#leaving = new Map([...before].filter(([key]) => !this.#open.has(key)));
    if (before.size === 0 && gone.length === 0) return; // nobody's place is taken
    const names = new Set(added.map(({ name }) => name));
    for (const { key } of added) this.#unsettled.add(key);
    for (const { part } of this.#leaving.values()) if (names.has(part.name)) this.#unsettled.add(part.key);
  }

  /** Gives what was held to those that stay, and closes those that are to go, which they may take `deadlineMs` for. */
  async settle(deadlineMs: number): Promise<void> {
    const held = this.#held;
    this.#held = [];
    const takers = [...this.#open.values()].filter(({ part }) => this.#unsettled.has(part.key));
    this.#unsettled.clear();
    for (const { part } of takers) this.#closed.delete(part.name);
    const lost = [...this.#closed.values()];
    this.#closed.clear();
    const before = dropped(lost);
    for (const { record, names } of held)
      for (const { part, queue } of [...takers, ...lost]) if (names.has(part.name)) queue.push(record);
    this.#droppedBefore += dropped(lost) - before;
    const leaving = [...this.#leaving.values()];
    this.#leaving.clear();
    await this.#close(leaving, deadlineMs);
  }

  async #reopen(closed: readonly Outlet[], signal: AbortSignal): Promise<void> {
    const parts = closed.map(({ part }) => part);
    const back = await openAll(parts, signal);
    if ("outlets" in back) this.#add(back.outlets);
    for (const outlets of [this.#open, this.#leaving])
      for (const { key } of parts) {
        const again = "outlets" in back && back.outlets.find(({ part }) => part.key === key);
        if (again && outlets.has(key)) outlets.set(key, again);
        else outlets.delete(key);
      }
  }

  /**
   * Gives a record to all sinks, or an event to those named only.
   * @param only the sinks that it is for
   */
  push(record: SinkRecord, only?: readonly SinkPart[]): void {
    const names = new Set<string>();
    for (const outlets of [this.#open, this.#leaving])
      for (const { part, queue } of outlets.values()) {
        const wanted = only ? only.some(({ key }) => key === part.key) : part.samples;
        if (wanted && this.#unsettled.has(part.key)) names.add(part.name);
        else if (wanted) queue.push(record);
      }
    if (names.size > 0) this.#held.push({ record, names });
  }

  #add(outlets: readonly Outlet[]): void {
    for (const { queue } of outlets) this.#alive.add(queue);
  }

  async #close(outlets: readonly Outlet[], deadlineMs: number): Promise<void> {
    await closeAll(outlets, deadlineMs);
    for (const { queue } of outlets) if (this.#alive.delete(queue)) this.#droppedBefore += queue.counts.dropped;
  }

  async close(deadlineMs: number): Promise<void> {
    await this.#close([...this.#open.values(), ...this.#leaving.values()], deadlineMs);
    this.#open.clear();
    this.#leaving.clear();
  }
}

const dropped = (outlets: readonly Outlet[]) => outlets.reduce((sum, { queue }) => sum + queue.counts.dropped, 0);

/** One that is open, under the name that it has now. */
function named(part: SinkPart, { queue }: Outlet): Outlet {
  queue.name = part.name;
  return { part, queue };
}

const byKey = (outlets: readonly Outlet[]) => new Map(outlets.map((one) => [one.part.key, one]));

const closeAll = (outlets: readonly Outlet[], deadlineMs: number) =>
  Promise.all(outlets.map(({ queue }) => queue.close({ deadlineMs })));

/** Opens all of them, or none. */
async function openAll(
  parts: readonly SinkPart[],
  signal: AbortSignal,
): Promise<{ outlets: readonly Outlet[] } | { failures: readonly unknown[] }> {
  const outlets = await Promise.all(parts.map(async (part) => ({ part, queue: await part.made(part.name) })));
  const opened = await Promise.allSettled(outlets.map(({ queue }) => queue.open(signal)));
  const failures = opened.flatMap((result) => (result.status === "rejected" ? [result.reason] : []));
  if (failures.length === 0) return { outlets };
  await closeAll(outlets, 0);
  return { failures };
}

/** Whether a sink can't be opened because somebody else, another one perhaps, has what it wants. */
const isHeld = (error: unknown): boolean =>
  ["EADDRINUSE", "EBUSY", "EAGAIN"].includes(((error as Error).cause as NodeJS.ErrnoException | undefined)?.code ?? "");
