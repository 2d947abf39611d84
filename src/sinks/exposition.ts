// SPDX-License-Identifier: MIT
import type { HistogramCounts } from "../stats/schema.js";
import {
  baseUnit,
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

/** A point, and when its totals began to count (ns since 1970), where that is known. */
export interface DatedPoint extends Point {
  readonly since?: bigint | undefined;
}

/** What is left out of an exposition, because two statistics would be one series or one name two kinds. */
export type Clash = (name: string, why: string) => void;

interface Family {
  readonly metric: Metric;
  readonly name: string;
  /** Decimal digits that values move, to be in the base unit. */
  readonly digits: number;
  readonly points: DatedPoint[];
}

/**
 * Writes metrics in one of the two formats. Numbers have all their digits, in the base unit: those that read them as float64
 * do so themselves.
 *
 * Sources: prometheus.io "Exposition formats" (text 0.0.4), OpenMetrics 1.0.0 (RFC draft, section "ABNF").
 */
export class Exposition {
  readonly #clash: Clash;
  /** `name{labels` of a series, up to where a label of ours may follow. */
  readonly #heads = new WeakMap<Series, string>();

  constructor(clash: Clash = () => {}) {
    this.#clash = clash;
  }

  /** @param points in any order; all of a family are put together */
  render(points: Iterable<DatedPoint>, format: ExpositionFormat): string {
    let text = "";
    for (const family of this.#families(points)) text += this.#family(family, format);
    return format === "openmetrics" ? `${text}# EOF\n` : text;
  }

  #families(points: Iterable<DatedPoint>): Iterable<Family> {
    const families = new Map<string, Family>();
    const names = new Map<string, string>();
    const known = new Map<Metric, Family | undefined>();
    for (const point of points) {
      const { metric } = point.series;
      if (!known.has(metric)) known.set(metric, this.#join(metric, families, names));
      known.get(metric)?.points.push(point);
    }
    return families.values();
  }

  /** The family that a metric is of, unless its name, or that of one of its series, stands for something else already. */
  #join(metric: Metric, families: Map<string, Family>, names: Map<string, string>): Family | undefined {
    const name = exportedName(metric, false);
    const family = families.get(name);
    if (family?.metric.kind === metric.kind) return family;
    const own = suffixes[metric.kind].map((suffix) => name + suffix);
    const taken = own.find((one) => names.has(one));
    if (taken !== undefined) {
      this.#clash(name, `${taken} is of another metric, ${names.get(taken)}, already`);
      return undefined;
    }
    for (const one of own) names.set(one, name);
    const made = { metric, name, digits: baseUnit(metric)?.digits ?? 0, points: [] };
    families.set(name, made);
    return made;
  }

  #family(family: Family, format: ExpositionFormat): string {
    const { metric, name, points } = family;
    const open = format === "openmetrics";
    const shown = open ? name : exportedName(metric);
    const unit = open && hasUnit(metric) ? baseUnit(metric)?.name : undefined;
    let text = `# HELP ${shown} ${escaped(metric.help, open)}\n# TYPE ${shown} ${open ? metric.kind : plainKind(metric.kind)}\n`;
    if (unit !== undefined) text += `# UNIT ${shown} ${unit}\n`;
    const seen = new Set<string>();
    for (const point of points) {
      const head = this.#head(point.series);
      if (seen.has(head)) this.#clash(name, "two statistics have the same labels");
      else text += lines(family, head, point, open);
      seen.add(head);
    }
    return text;
  }

  #head(series: Series): string {
    const known = this.#heads.get(series);
    if (known !== undefined) return known;
    const head = labelText(series.labels);
    this.#heads.set(series, head);
    return head;
  }
}

/** Names of a family's series, and of those that OpenMetrics keeps for it. */
const suffixes: Readonly<Record<MetricKind, readonly string[]>> = {
  counter: ["", "_total", "_created"],
  gauge: [""],
  histogram: ["", "_bucket", "_count", "_sum", "_created"],
  info: ["", "_info"],
  stateset: [""],
};

/** OpenMetrics has no unit on what is no number. */
const hasUnit = ({ kind }: Metric) => kind !== "info" && kind !== "stateset";

const plainKind = (kind: MetricKind) => (kind === "info" || kind === "stateset" ? "gauge" : kind);

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

function lines({ metric, name, digits }: Family, labels: string, { value, since }: DatedPoint, open: boolean): string {
  if ("buckets" in value) return histogram(name, digits, labels, value, open ? since : undefined);
  if ("total" in value) {
    const created = open && since !== undefined ? `${name}_created${braced(labels)} ${decimal(since, 9)}\n` : "";
    return `${name}_total${braced(labels)} ${decimal(value.total, digits)}\n${created}`;
  }
  const shown = metric.kind === "info" ? `${name}_info` : name;
  return `${shown}${braced(labels)} ${decimal(value.value, digits)}\n`;
}

/** Buckets come in groups, so that there are not 64 for each, and seldom new ones. */
const bucketGroup = 8;

function histogram(name: string, digits: number, labels: string, counts: HistogramCounts, since?: bigint): string {
  const { buckets, count, sum } = counts;
  const shown = shownBuckets(buckets);
  const comma = labels === "" ? "" : ",";
  let text = "";
  let upTo = 0n;
  for (let i = 0; i < shown; i++) {
    upTo += buckets[i] ?? 0n;
    text += `${name}_bucket{${labels}${comma}le="${upperBound(i, digits)}"} ${upTo}\n`;
  }
  text += `${name}_bucket{${labels}${comma}le="+Inf"} ${count}\n`;
  text += `${name}_sum${braced(labels)} ${decimal(sum, digits)}\n${name}_count${braced(labels)} ${count}\n`;
  return since === undefined ? text : `${text}${name}_created${braced(labels)} ${decimal(since, 9)}\n`;
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
