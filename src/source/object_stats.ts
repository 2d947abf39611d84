// SPDX-License-Identifier: MIT
import type { ObjectParts } from "../bpf/object.js";
import type { NativeMap, NativeProgram } from "../native/index.js";
import { bindStats, planStats } from "./plan.js";
import type { StatsParts } from "./stats.js";
import type { StatsMap } from "./stats_map.js";

/** What reads the statistics of an object that we loaded, for one turn of its scheduler. */
export class ObjectStats {
  readonly #parts: ObjectParts;
  readonly #name: string;
  readonly #mapping: StatsMap | undefined;
  readonly #opened: (NativeMap | NativeProgram)[] = [];
  #found: StatsParts | undefined;

  /** @param name what the statistics are called when nothing else names them */
  constructor(parts: ObjectParts, name: string, mapping: StatsMap | undefined) {
    this.#parts = parts;
    this.#name = name;
    this.#mapping = mapping;
  }

  /** Finds them, once; by the statistics map alone, where there is one. @throws ScxError ERR_SCX_STATS_META, ERR_SCX_STATS_MAP */
  find(): StatsParts {
    this.#found ??= this.#find();
    return this.#found;
  }

  /** Closes the maps that were opened for it; the next look finds them anew. */
  close(): void {
    for (const one of this.#opened.splice(0)) one.close();
    this.#found = undefined;
  }

  #find(): StatsParts {
    const { native, btf } = this.#parts;
    // As they were loaded: some may not have been created.
    const place = { btf, maps: native.maps(), programs: native.programs() };
    const plan = planStats([place], this.#mapping);
    return {
      name: plan.name ?? this.#name,
      ...bindStats(plan, (_, map) => this.#keep(native.map(map))),
      reset: plan.reset === undefined ? undefined : this.#keep(native.program(plan.reset)),
    };
  }

  #keep<Opened extends NativeMap | NativeProgram>(opened: Opened): Opened {
    this.#opened.push(opened);
    return opened;
  }
}
