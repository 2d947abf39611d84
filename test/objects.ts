// SPDX-License-Identifier: MIT
import { fileURLToPath } from "node:url";

const path = (relative: string) => fileURLToPath(new URL(`../${relative}`, import.meta.url));

/** The checkout's root. */
export const checkout = path("");

/** Path of an object built from test/bpf. */
export const testObject = (name: string): string => path(`build/test/bpf/${name}.bpf.o`);

/** Path of an object built from test/bpf/trap.c. */
export const trapObject = (name: string): string => path(`build/test/trap/${name}.bpf.o`);

/** Path of an object built from test/bpf/grow.c. */
export const grownObject = (form: "struct" | "mapped", keys: number): string =>
  path(`build/test/grow/${form}_${keys}.bpf.o`);

/** Path of a scheduler that scxkit ships. */
export const shippedObject = (name: string): string => path(`dist/schedulers/${name}.bpf.o`);

/** The built command. */
export const cli = path("dist/cli/main.js");
