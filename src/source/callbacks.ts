// SPDX-License-Identifier: MIT

/** Told of something, until it answers with false. */
export type Callback<T> = (about: T) => unknown;

/** Those who are told. */
export class Callbacks<T> {
  #all: Callback<T>[] = [];

  add(callback: Callback<T>): void {
    this.#all.push(callback);
  }

  /** One that calls here itself, or adds another, changes nothing of this call. */
  call(about: T): void {
    const all = this.#all;
    let over: Set<Callback<T>> | undefined;
    // By index: an iterator is an object, which the compiler doesn't always save.
    for (let i = 0, { length } = all; i < length; i++) {
      const callback = all[i] as Callback<T>;
      if (callback(about) !== false) continue;
      over ??= new Set();
      over.add(callback);
    }
    if (over) this.#all = this.#all.filter((callback) => !over.has(callback));
  }
}
