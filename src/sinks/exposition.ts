// SPDX-License-Identifier: MIT
import type { HistogramCounts } from "../stats/schema.js";
import {
  baseUnit,
  digitsOf,
  exportedName,
  type Labels,
  type Metric,
  type MetricKind,
  type Point,
  type Series,
} from "./metric.js";

/** Prometheus' text format 0.0.4, and OpenMetrics 1.0.0. */
export const expositionFormats = {
  text: "text/plain; version=0.0.4; charset=utf-8",
  openmetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8",
} as const;
export type ExpositionFormat = keyof typeof expositionFormats;

/** What is left out of an exposition, because two statistics would be one series or one name two kinds. */
export type Clash = (name: string, why: string) => void;

/** What a metric's lines have in common. The same for every rendering. */
interface Head {
  /** Without `_total` and `_info`. */
  readonly name: string;
  /** Its comment lines. */
  readonly comments: Readonly<Record<ExpositionFormat, string>>;
}

/** A family in a rendering, and its series. */
interface Family {
  readonly metric: Metric;
  readonly head: Head;
  readonly members: Member[];
}

/** A series in a rendering. */
interface Member {
  readonly starts: Starts;
  /** {@link digitsOf} its own metric, which another's of the family may differ from. */
  readonly digits: number;
  /** The point that has its value. */
  readonly point: number;
  /** When it was created, as it was written last, and that line. */
  since: bigint | undefined;
  created: string;
}

/** How points are rendered. The same as long as the same series come in the same order. */
interface Layout {
  readonly series: readonly Series[];
  readonly families: readonly Family[];
  /** Of all families. */
  readonly members: readonly Member[];
  /** {@link textsOf} them, once somebody has asked for the format. */
  readonly texts: Partial<Record<ExpositionFormat, readonly string[]>>;
}

/** What the lines of a series begin with: `name{labels} `, for the value and for the time of creation. */
interface Starts {
  readonly name: string;
  readonly labels: string;
  readonly value: string;
  readonly created: string;
}

/**
 * Writes metrics in one of the two formats. Numbers have all their digits, in the base unit: those that read them as float64
 * do so themselves.
 *
 * Sources: prometheus.io "Exposition formats" (text 0.0.4), OpenMetrics 1.0.0 (RFC draft, section "ABNF").
 */
export class Exposition {
  readonly #clash: Clash;
  #layout: Layout = { series: [], families: [], members: [], texts: {} };

  constructor(clash: Clash = () => {}) {
    this.#clash = clash;
  }

  /** @param points in any order; all of a family are put together */
  render(points: readonly Point[], format: ExpositionFormat): string {
    if (!isOf(this.#layout, points)) this.#layout = this.#layOut(points.map((point) => point.series));
    const { families, members, texts } = this.#layout;
    const open = format === "openmetrics";
    texts[format] ??= textsOf(families, format);
    const parts = texts[format].slice();
    for (let i = 0; i < members.length; i++) {
      const member = members[i] as Member;
      const { value, since } = points[member.point] as Point;
      let text = valueText(member, value);
      if (open && since !== undefined && !("value" in value)) text += createdLine(member, since);
      parts[2 * i + 1] = text;
    }
    return parts.join("");
  }

  #layOut(all: readonly Series[]): Layout {
    const families = new Map<string, Family>();
    const names = new Map<string, string>();
    const known = new Map<Metric, Family | undefined>();
    const seen = new Set<string>();
    all.forEach((series, point) => {
      const { metric } = series;
      if (!known.has(metric)) known.set(metric, this.#join(metric, families, names));
      const family = known.get(metric);
      if (!family) return;
      const starts = startsOf(family.head.name, series);
      if (seen.has(starts.value)) this.#clash(family.head.name, "two statistics have the same labels");
      else family.members.push({ starts, digits: digitsOf(metric), point, since: undefined, created: "" });
      seen.add(starts.value);
    });
    const laidOut = [...families.values()];
    return { series: all, families: laidOut, members: laidOut.flatMap(({ members }) => members), texts: {} };
  }

  /** The family that a metric is of, unless its name, or that of one of its series, stands for something else already. */
  #join(metric: Metric, families: Map<string, Family>, names: Map<string, string>): Family | undefined {
    const head = headOf(metric);
    const { name } = head;
    const family = families.get(name);
    if (family?.metric.kind === metric.kind) return family;
    const own = suffixes[metric.kind].map((suffix) => name + suffix);
    const taken = own.find((one) => names.has(one));
    if (taken !== undefined) {
      this.#clash(name, `${taken} is of another metric, ${names.get(taken)}, already`);
      return undefined;
    }
    for (const one of own) names.set(one, name);
    const made = { metric, head, members: [] };
    families.set(name, made);
    return made;
  }
}

/** What stays the same, with an empty place for each member's value at 1, 3, 5… */
function textsOf(families: readonly Family[], format: ExpositionFormat): string[] {
  const texts: string[] = [];
  const newLine = () => (texts.length === 0 ? "" : "\n");
  for (const { metric, head, members } of families)
    members.forEach(({ starts }, i) => {
      const comments = i === 0 ? head.comments[format] : "";
      // In one piece: what is put together by + would be taken apart at each rendering.
      texts.push([newLine(), comments, metric.kind === "histogram" ? "" : starts.value].join(""), "");
    });
  texts.push(newLine() + (format === "openmetrics" ? "# EOF\n" : ""));
  return texts;
}

/** Whether it is the layout of these points: of the same series in the same order. */
function isOf({ series }: Layout, points: readonly Point[]): boolean {
  if (series.length !== points.length) return false;
  for (let i = 0; i < series.length; i++) if (series[i] !== points[i]?.series) return false;
  return true;
}

function headOf(metric: Metric): Head {
  const { kind, help } = metric;
  const name = exportedName(metric, false);
  const unit = baseUnit(metric);
  // OpenMetrics has no unit on what is no number.
  const isNumber = kind !== "info" && kind !== "stateset";
  const comments = (shown: string, type: string, open: boolean) =>
    `# HELP ${shown} ${escaped(help, open)}\n# TYPE ${shown} ${type}\n`;
  return {
    name,
    comments: {
      text: comments(exportedName(metric), isNumber ? kind : "gauge", false),
      openmetrics: comments(name, kind, true) + (unit && isNumber ? `# UNIT ${name} ${unit.name}\n` : ""),
    },
  };
}

function startsOf(name: string, { metric: { kind }, labels }: Series): Starts {
  const text = labelText(labels);
  const suffix = kind === "counter" ? "_total" : kind === "info" ? "_info" : "";
  const start = (one: string) => `${name}${one}${braced(text)} `;
  return { name, labels: text, value: start(suffix), created: start("_created") };
}

/** Names of a family's series, and of those that OpenMetrics keeps for it. */
const suffixes: Readonly<Record<MetricKind, readonly string[]>> = {
  counter: ["", "_total", "_created"],
  gauge: [""],
  histogram: ["", "_bucket", "_count", "_sum", "_created"],
  info: ["", "_info"],
  stateset: [""],
};

const escapes: Readonly<Record<string, string>> = { "\\": "\\\\", "\n": "\\n", '"': '\\"' };

/** @param quotes whether quotation marks, too, as in a label's value and in OpenMetrics */
function escaped(text: string, quotes: boolean): string {
  return text.replace(quotes ? /[\\\n"]/g : /[\\\n]/g, (one) => escapes[one] as string);
}

/** `a="1",b="2"`. */
const labelText = (labels: Labels): string =>
  Object.entries(labels)
    .map(([name, value]) => `${name}="${escaped(value, true)}"`)
    .join(",");

const braced = (labels: string) => (labels === "" ? "" : `{${labels}}`);

/** What stands for a value: after the beginning of its line, or all lines of a histogram. */
function valueText({ starts, digits }: Member, value: Point["value"]): string {
  if ("total" in value) return decimal(value.total, digits);
  if ("buckets" in value) return histogram(starts, digits, value);
  return decimal(value.value, digits);
}

/** The line that says since when it is there, which seldom changes. */
function createdLine(member: Member, since: bigint): string {
  if (since === member.since) return member.created;
  member.since = since;
  member.created = `\n${member.starts.created}${decimal(since, 9)}`;
  return member.created;
}

/** Buckets come in groups, so that there are not 64 for each, and seldom new ones. */
const bucketGroup = 8;

function histogram({ name, labels }: Starts, digits: number, { buckets, count, sum }: HistogramCounts): string {
  const shown = shownBuckets(buckets);
  const comma = labels === "" ? "" : ",";
  let text = "";
  let upTo = 0n;
  for (let i = 0; i < shown; i++) {
    upTo += buckets[i] ?? 0n;
    text += `${name}_bucket{${labels}${comma}le="${upperBound(i, digits)}"} ${upTo}\n`;
  }
  text += `${name}_bucket{${labels}${comma}le="+Inf"} ${count}\n`;
  return `${text}${name}_sum${braced(labels)} ${decimal(sum, digits)}\n${name}_count${braced(labels)} ${count}`;
}

/** How many buckets to show with a bound of their own. The last one of all has none. */
export function shownBuckets(buckets: readonly bigint[]): number {
  const last = buckets.findLastIndex((events) => events > 0n);
  return Math.min(Math.ceil((last + 1) / bucketGroup) * bucketGroup || bucketGroup, buckets.length - 1);
}

/** The largest value of a bucket (2^i - 1, in the base unit), in the one spelling that OpenMetrics allows: Go's %g, with a fraction. */
export function upperBound(bucket: number, digits: number): string {
  const bound = Number(decimal((1n << BigInt(bucket)) - 1n, digits));
  if (bound !== 0 && (bound < 1e-4 || bound >= 1e6)) {
    const [mantissa = "", exponent = ""] = bound.toExponential().split("e");
    return `${mantissa}e${exponent.replace(/^([+-])(\d)$/, "$10$2")}`;
  }
  return Number.isInteger(bound) ? `${bound}.0` : String(bound);
}

/**
 * A number with its point moved to the left, digit for digit: 1500n moved by 3 is `1.5`. One with a fraction already is a
 * float64 before and after.
 */
export function decimal(value: bigint | number, digits: number): string {
  if (typeof value === "number") {
    if (Number.isFinite(value)) return digits === 0 ? String(value) : moved(value, digits);
    return Number.isNaN(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf";
  }
  const text = value.toString();
  if (digits === 0) return text;
  const [sign, size] = value < 0n ? ["-", text.slice(1)] : ["", text];
  const padded = size.padStart(digits + 1, "0");
  const fraction = padded.slice(-digits).replace(/0+$/, "");
  return `${sign}${padded.slice(0, -digits)}${fraction === "" ? "" : `.${fraction}`}`;
}

/** A division would round. */
function moved(value: number, digits: number): string {
  const [mantissa, exponent = "0"] = String(value).split("e");
  return String(Number(`${mantissa}e${Number(exponent) - digits}`));
}
