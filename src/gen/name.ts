// SPDX-License-Identifier: MIT

/** `user_exit_info` as TypeScript would write it: `UserExitInfo`. */
export const pascal = (name: string): string =>
  name
    .split(/[^A-Za-z0-9]+/)
    .map((part) => part.charAt(0).toUpperCase() + part.slice(1))
    .join("");

/** Names that a module takes from elsewhere. */
const foreign = [
  ...[
    "BpfObject",
    "CounterValue",
    "DictionaryValue",
    "GaugeValue",
    "HistogramValue",
    "OpenOptions",
    "OpsFlag",
    "StatValues",
  ],
  ...["Promise", "Record", "URL"],
];

/** What all names of an object's module begin with: its own name, `Simple`. */
export const moduleName = (object: string): string => {
  const name = pascal(object);
  return /^[A-Za-z]/.test(name) && !foreign.includes(name) ? name : `Bpf${name}`;
};

/**
 * Names of a module's types, each given once. All begin with the object's, so that none hides a type that is everybody's
 * (`struct map`, `struct string`), and several modules go into one file.
 */
export class Names {
  readonly #prefix: string;
  readonly #taken = new Set(foreign);
  /** The next number to try, by the name before it: thousands may have the same. */
  readonly #numbers = new Map<string, number>();

  constructor(prefix: string) {
    this.#prefix = prefix;
  }

  /** The name for `what`, which nothing else has; throws when it is taken. */
  own(what: string): string {
    const name = this.#take(this.#prefix + what);
    if (name === undefined) throw new Error(`${what} is taken`);
    return name;
  }

  /** A name for a C type: `colour` is `SimpleColour`, and `simple_colour` too; where that is taken it says the kind. */
  of(kind: string, cName: string): string {
    const plain = pascal(cName);
    const name = plain.startsWith(this.#prefix) ? plain : this.#prefix + plain;
    return this.#take(name) ?? this.#numbered(name + pascal(kind));
  }

  #numbered(name: string): string {
    for (let number = this.#numbers.get(name) ?? 1; ; number++) {
      const free = this.#take(number === 1 ? name : `${name}${number}`);
      if (free === undefined) continue;
      this.#numbers.set(name, number + 1);
      return free;
    }
  }

  #take(name: string): string | undefined {
    if (this.#taken.has(name)) return undefined;
    this.#taken.add(name);
    return name;
  }
}
