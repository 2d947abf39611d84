// SPDX-License-Identifier: MIT
import { logger } from "../diagnostics.js";
import { causeOf } from "../error.js";
import { Allowance, type AnomalyEvent, type Control } from "./actuator.js";
import type { ActuatorPart } from "./parts.js";

const log = logger("agent");

/** Asks actuators for their answers, no more often than they may give one; each is logged. */
export class Actions {
  #actuators: readonly { part: ActuatorPart; allowance: Allowance }[] = [];
  /** Those that failed to describe what they would do. */
  readonly #speechless = new WeakSet<object>();
  readonly #done: (actuator: string, what: string, error: string | undefined, event: AnomalyEvent) => void;

  /** @param done told of each action that was tried, with what it failed with */
  constructor(done: (actuator: string, what: string, error: string | undefined, event: AnomalyEvent) => void) {
    this.#done = done;
  }

  /** These from now on; those that are as they were have not been given another chance by that. */
  use(parts: readonly ActuatorPart[]): void {
    this.#actuators = parts.map((part) => {
      const known = this.#actuators.find((one) => one.part.key === part.key);
      if (known) return { part: { ...part, made: known.part.made }, allowance: known.allowance };
      return { part, allowance: new Allowance(part.times, part.perMs) };
    });
  }

  /** Answers an anomaly's beginning or end. Resolves, never rejects, when all who do have done so. */
  async answer(event: AnomalyEvent, control: Control | undefined): Promise<void> {
    const asked = this.#actuators.filter(
      ({ part }) => part.when === event.phase && (part.on?.includes(event.detector) ?? true),
    );
    for (const { part, allowance } of asked) await this.#ask(part, allowance, event, control);
  }

  async #ask(
    part: ActuatorPart,
    allowance: Allowance,
    event: AnomalyEvent,
    control: Control | undefined,
  ): Promise<void> {
    const what = this.#describe(part, event);
    const why = `${event.detector}: ${event.metric}: ${event.why}`;
    if (!allowance.take(performance.now())) {
      log.info(
        `actuator ${part.name} has acted ${part.times} times in ${part.perMs / 1000} s, and is not asked for ${why}`,
      );
      return;
    }
    if (!part.enabled || !control) {
      const not = part.enabled ? "the agent runs no scheduler" : "it is not enabled";
      log.warn(`actuator ${part.name} would ${what}, but ${not} (${why})`);
      return;
    }
    let error: string | undefined;
    try {
      log.warn(`actuator ${part.name}: ${what} (${why})`);
      await part.made.act(event, control);
    } catch (cause) {
      error = causeOf(cause);
      log.error(`actuator ${part.name} failed to ${what}: ${error}`);
    }
    this.#done(part.name, what, error, event);
  }

  /** What it would do. A user's actuator may fail to say it, which is told once. */
  #describe({ made, name }: ActuatorPart, event: AnomalyEvent): string {
    try {
      return made.describe?.(event) ?? "act";
    } catch (error) {
      log[this.#speechless.has(made) ? "debug" : "warn"](
        `actuator ${name} can't say what it would do: ${causeOf(error)}`,
      );
      this.#speechless.add(made);
      return "act";
    }
  }
}
