// SPDX-License-Identifier: MIT
import {
  type Document,
  isAlias,
  isMap,
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  visit,
} from "yaml";
import { causeOf } from "../error.js";
import { interpolate } from "./environment.js";
import { Interpolated, InterpolatedValues } from "./interpolated.js";
import { configError, type PlacedProblem, type Problem } from "./problem.js";

/** A config file's text as a value, and where each part of it stands. */
export class ConfigDocument {
  /** An alias is the same object as its anchor: one mapping, one instance. */
  readonly value: unknown;
  /** Those of its values that are the environment's. */
  readonly interpolated = new InterpolatedValues();
  readonly #file: string;
  readonly #document: Document;
  readonly #lines: LineCounter;

  private constructor(file: string, document: Document, lines: LineCounter) {
    this.#file = file;
    this.#document = document;
    this.#lines = lines;
    this.value = this.interpolated.settle(document.toJS({ maxAliasCount: 1000 }));
  }

  /**
   * Parses YAML 1.2 (of which JSON is a part; merge keys `<<` too), and puts environment variables in.
   * @param file its name, for errors
   * @throws ScxError ERR_SCX_CONFIG
   */
  static parse(file: string, text: string, environment: NodeJS.ProcessEnv = process.env): ConfigDocument {
    const lines = new LineCounter();
    const document = parseDocument(text, { lineCounter: lines, merge: true, prettyErrors: false });
    const place = (offset: number, message: string): PlacedProblem => ({ ...placeOf(lines, offset), message });
    const unread = [...document.errors, ...document.warnings].map(({ pos, code, message }) =>
      place(pos[0], code === "MULTIPLE_DOCS" ? "a second document begins; a config is one" : message),
    );
    if (unread.length > 0) throw configError(file, unread);
    const problems: PlacedProblem[] = [];
    visit(document, {
      Alias(_, node, around) {
        const anchored = node.resolve(document);
        if (!anchored) problems.push(place(node.range?.[0] ?? 0, `no anchor &${node.source} comes before it`));
        else if (around.includes(anchored))
          problems.push(place(node.range?.[0] ?? 0, `it stands within &${node.source}, and would hold itself`));
      },
      Scalar(key, node, around) {
        if (key === "key") return;
        const text = isLabel(around);
        // As it is written: 1.10 is no 1.1 there.
        if (text && node.value !== null && node.source !== undefined) node.value = node.source;
        if (typeof node.value !== "string") return;
        const result = interpolate(node.value, environment);
        if ("wrong" in result) problems.push(place(node.range?.[0] ?? 0, result.wrong));
        else if (result.text !== node.value)
          node.value = node.type === "PLAIN" && !text ? new Interpolated(result.text) : result.text;
      },
    });
    if (problems.length > 0) throw configError(file, problems);
    try {
      return new ConfigDocument(file, document, lines);
    } catch (error) {
      throw configError(file, [place(0, causeOf(error))]); // aliases of aliases, thousands in all
    }
  }

  /** The error of these problems. */
  error(problems: readonly Problem[]) {
    return configError(
      this.#file,
      problems.map((problem) => ({ ...this.#place(problem), message: problem.message })),
    );
  }

  #place({ path, key }: Problem): { line: number; column: number } {
    let node: Node | null | undefined = this.#document.contents;
    let found = node;
    for (const [i, part] of path.entries()) {
      const inside: Node | null | undefined = isAlias(node) ? node.resolve(this.#document) : node;
      if (isSeq(inside)) node = inside.items[Number(part)] as Node | undefined;
      else if (isMap(inside)) {
        const pair = inside.items.find((item) => isScalar(item.key) && item.key.value === part);
        // A key without a value has no place of its own.
        node = ((key && i === path.length - 1) || !pair?.value ? pair?.key : pair.value) as Node | undefined;
      } else node = undefined;
      if (!node) break; // it is missing, or merged from elsewhere: the nearest around it will do
      found = node;
    }
    return placeOf(this.#lines, found?.range?.[0] ?? 0);
  }
}

/** Whether a value stands right in the root's `labels`, where all is text. */
function isLabel(around: readonly unknown[]): boolean {
  const [, , pair, , own] = around;
  return around.length === 5 && isPair(pair) && isPair(own) && isScalar(pair.key) && pair.key.value === "labels";
}

function placeOf(lines: LineCounter, offset: number): { line: number; column: number } {
  const { line, col } = lines.linePos(offset);
  return { line: Math.max(1, line), column: Math.max(1, col) };
}
