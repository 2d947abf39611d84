// SPDX-License-Identifier: MIT
import type { SinkQueue } from "../sinks/queue.js";
import type { SinkRecord } from "../sinks/sink.js";
import type { SinkPart } from "./parts.js";

interface Outlet {
  readonly part: SinkPart;
  readonly queue: SinkQueue;
}

/** The sinks that are open; others may follow while records come. */
export class Outlets {
  /** By key; those whose config is the same stay. */
  #open = new Map<string, Outlet>();

  get count(): number {
    return this.#open.size;
  }

  get queues(): SinkQueue[] {
    return [...this.#open.values()].map(({ queue }) => queue);
  }

  /**
   * These from now on; those that aren't among them are closed, which they may take `deadlineMs` for. When one can't be opened
   * those that there were stay.
   * @throws what the first failing sink's `open` does
   */
  async use(parts: readonly SinkPart[], signal: AbortSignal, deadlineMs: number): Promise<void> {
    const before = [...this.#open.values()];
    const added = parts.filter(({ key }) => !this.#open.has(key));
    const gone = before.filter(({ part }) => !parts.some(({ key }) => key === part.key));
    let opened: Outlet[];
    try {
      opened = await openAll(added, signal);
    } catch (error) {
      // It may want what one has that is to go: the same port.
      if (gone.length === 0) throw error;
      await closeAll(gone, deadlineMs);
      try {
        opened = await openAll(added, signal);
      } catch (again) {
        const back = await openAll(
          gone.map(({ part }) => part),
          signal,
        ).catch(() => []);
        this.#set([...before.filter((one) => !gone.includes(one)), ...back]);
        throw again;
      }
    }
    this.#set(parts.map(({ key }) => this.#open.get(key) ?? (opened.find(({ part }) => part.key === key) as Outlet)));
    await closeAll(gone, deadlineMs);
  }

  #set(outlets: readonly Outlet[]): void {
    this.#open = new Map(outlets.map((one) => [one.part.key, one]));
  }

  /**
   * Gives a record to all sinks, or an event to those named only.
   * @param only the sinks that it is for
   */
  push(record: SinkRecord, only?: readonly SinkPart[]): void {
    for (const { part, queue } of this.#open.values()) {
      const wanted = only ? only.some(({ key }) => key === part.key) : part.samples;
      if (wanted) queue.push(record);
    }
  }

  async close(deadlineMs: number): Promise<void> {
    await closeAll([...this.#open.values()], deadlineMs);
    this.#open.clear();
  }
}

const closeAll = (outlets: readonly Outlet[], deadlineMs: number) =>
  Promise.all(outlets.map(({ queue }) => queue.close({ deadlineMs })));

/** Opens all of them, or none. */
async function openAll(parts: readonly SinkPart[], signal: AbortSignal): Promise<Outlet[]> {
  const outlets = await Promise.all(parts.map(async (part) => ({ part, queue: await part.made() })));
  const opened = await Promise.allSettled(outlets.map(({ queue }) => queue.open(signal)));
  const failed = opened.find((result) => result.status === "rejected");
  if (failed === undefined) return outlets;
  await closeAll(outlets, 0);
  throw failed.reason;
}
