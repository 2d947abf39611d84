// SPDX-License-Identifier: MIT
import { groupTargets } from "../protocol/all.js";
import { StatsServer } from "../protocol/server.js";
import type { SampleProvider } from "../protocol/target.js";
import type { SampledScheduler } from "../sampler/all_stats.js";
import type { SelfFacts } from "../source/self.js";
import type { Watched } from "./watched.js";

/** The agent's scx_stats socket: targets `top`, `delta`, `all`, `state` and `events`, as `scxkit run` serves them. */
export class Socket {
  readonly path: string;
  readonly #server: StatsServer;

  private constructor(path: string, server: StatsServer) {
    this.path = path;
    this.#server = server;
  }

  /**
   * @param self what the agent knows of itself
   * @throws ScxError those of {@link StatsServer.listen}
   */
  static async listen(path: string, watched: Watched, intervalMs: number, self: SelfFacts): Promise<Socket> {
    const sampler = following(watched);
    const targets = groupTargets(sampler, intervalMs, self);
    return new Socket(path, await StatsServer.listen({ path, sampler, targets }));
  }

  close(): Promise<void> {
    return this.#server.close();
  }
}

/** Whatever sampler there is when it is asked: another one after a switch, or when another scheduler runs. */
function following(watched: Watched): SampleProvider & SampledScheduler {
  const now = () => watched.sampler as NonNullable<Watched["sampler"]>;
  return {
    get schema() {
      return now().schema;
    },
    get scheduler() {
      return now().scheduler;
    },
    totals: () => now().totals(),
    by: (domain) => now().by?.(domain),
    consumer() {
      let of = now();
      let consumer = of.consumer();
      return {
        read() {
          if (of !== now()) {
            consumer.close();
            of = now();
            consumer = of.consumer();
          }
          return consumer.read();
        },
        close: () => consumer.close(),
      };
    },
  };
}
