// SPDX-License-Identifier: MIT
import { logger } from "../diagnostics.js";
import { native } from "../native/index.js";

const log = logger("agent");

/** What a service manager is told, as sd_notify(3) has it; nothing, where none asks ($NOTIFY_SOCKET). */
export class ServiceManager {
  readonly #socket: string | undefined;
  readonly #watchdogMs: number | undefined;
  #timer: NodeJS.Timeout | undefined;
  #failed = false;

  constructor(environment: NodeJS.ProcessEnv = process.env) {
    const { NOTIFY_SOCKET, WATCHDOG_USEC, WATCHDOG_PID } = environment;
    this.#socket = NOTIFY_SOCKET || undefined;
    const isOurs = WATCHDOG_PID === undefined || Number(WATCHDOG_PID) === process.pid;
    this.#watchdogMs = WATCHDOG_USEC !== undefined && isOurs ? Number(WATCHDOG_USEC) / 1000 : undefined;
  }

  /** Everything runs. From here on the watchdog, where there is one, is told so too, twice in its time. */
  ready(status: string): void {
    this.#send(`READY=1\nSTATUS=${status}`);
    if (this.#watchdogMs !== undefined && this.#watchdogMs > 0)
      this.#timer ??= setInterval(() => this.#send("WATCHDOG=1"), this.#watchdogMs / 2).unref();
  }

  /** A reload begins; {@link ready} ends it. */
  reloading(): void {
    // systemd compares its own CLOCK_MONOTONIC, which hrtime is.
    this.#send(`RELOADING=1\nMONOTONIC_USEC=${process.hrtime.bigint() / 1000n}`);
  }

  stopping(): void {
    clearInterval(this.#timer);
    this.#send("STOPPING=1");
  }

  #send(message: string): void {
    if (this.#socket === undefined) return;
    try {
      native.notify(this.#socket, message);
    } catch (error) {
      log[this.#failed ? "debug" : "warn"](`the service manager can't be told: ${(error as Error).message}`);
      this.#failed = true;
    }
  }
}
