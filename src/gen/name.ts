// SPDX-License-Identifier: MIT

/** `user_exit_info` as TypeScript would write it: `UserExitInfo`. */
export const pascal = (name: string): string =>
  name
    .split(/[^A-Za-z0-9]+/)
    .map((part) => part.charAt(0).toUpperCase() + part.slice(1))
    .join("");

/** Names that a module takes from elsewhere. */
const foreign = [
  ...["BpfObject", "CounterValue", "GaugeValue", "HistogramValue", "OpenOptions", "OpsFlag", "StatValues"],
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

  constructor(prefix: string) {
    this.#prefix = prefix;
  }

  /** The name for `what`, which nothing else has; throws when it is taken. */
  own(what: string): string {
    const name = this.#prefix + what;
    if (this.#taken.has(name)) throw new Error(`${name} is taken`);
    this.#taken.add(name);
    return name;
  }

  /** A name for a C type: `colour` is `SimpleColour`, and `simple_colour` too; where that is taken it says the kind. */
  of(kind: string, cName: string): string {
    const plain = pascal(cName);
    const name = plain.startsWith(this.#prefix) ? plain : this.#prefix + plain;
    const candidates = function* () {
      yield name;
      const withKind = name + pascal(kind);
      yield withKind;
      for (let i = 2; ; i++) yield `${withKind}${i}`;
    };
    for (const candidate of candidates()) {
      if (this.#taken.has(candidate)) continue;
      this.#taken.add(candidate);
      return candidate;
    }
    throw new Error("unreachable");
  }
}
