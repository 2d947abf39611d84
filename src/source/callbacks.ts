// SPDX-License-Identifier: MIT

/** Told of something, until it answers with false. */
export type Callback<T> = (about: T) => unknown;

/** Those who are told. */
export class Callbacks<T> {
  #all: Callback<T>[] = [];

  add(callback: Callback<T>): void {
    this.#all.push(callback);
  }

  call(about: T): void {
    let over = false;
    // By index: an iterator is an object, which the compiler doesn't always save.
    for (let i = 0; i < this.#all.length; i++) {
      if (this.#all[i]?.(about) !== false) continue;
      delete this.#all[i];
      over = true;
    }
    if (over) this.#all = this.#all.filter(Boolean);
  }
}
