// SPDX-License-Identifier: MIT
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { checkout, shippedObject } from "../../objects.js";

/** Builds simple from a changed source, as its author would, into `folder`. */
export function changedSimple(folder: string, change: (source: string) => string): string {
  const [source, object] = [join(folder, "simple.bpf.c"), join(folder, "simple.bpf.o")];
  mkdirSync(folder, { recursive: true });
  writeFileSync(source, change(readFileSync(join(checkout, "bpf/simple.bpf.c"), "utf8")));
  const script = `. native/requirements.sh; "$(newest_llvm clang)" -g -O2 -target bpf -mcpu=v3 -Ibpf/include -c "$1" -o "$2"`;
  execFileSync("sh", ["-c", script, "sh", source, object], { cwd: checkout });
  return object;
}

/** A copy of simple in which each text is another one that is no longer, wherever it stands. */
export function renamedSimple(path: string, texts: readonly (readonly [string, string])[]): string {
  const bytes = readFileSync(shippedObject("simple"));
  for (const [from, to] of texts) {
    const other = Buffer.alloc(Buffer.byteLength(from)); // zeros end a name
    if (other.write(to) < Buffer.byteLength(to)) throw new Error(`${to} is longer than ${from}`);
    let found = 0;
    for (let at = bytes.indexOf(from); at >= 0; at = bytes.indexOf(from, at + 1), found++) bytes.set(other, at);
    if (found === 0) throw new Error(`simple holds no ${from}`);
  }
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, bytes);
  return path;
}
