/* What usage reports hold, by the names of their fields, and how it is shown. */

import { brief, count, exact, lasted, percent, usd } from "./format.js";
import { named, t } from "./i18n.js";

/** What costs and requests can be asked by. */
export const DIMENSIONS = [
  "project", "team", "org", "key", "principal", "end_user", "session", "alias", "version",
  "backend", "dialect", "operation", "class", "outcome", "estimated",
];

const sum = (row, ...fields) => fields.reduce((all, f) => all + Number(row[f] ?? 0), 0);

/** All tokens of prompts. */
export const input = (row) => sum(row, "input_uncached", "cache_read", "cache_write");

/** All generated tokens. */
export const output = (row) => sum(row, "output_text", "output_reasoning");

/** The share of prompt tokens that came from the cache; null without prompts. */
export function hits(row) {
  const all = input(row);
  return all > 0 ? Number(row.cache_read ?? 0) / all : null;
}

/** What can be drawn and sorted: name of the text, value of a row, format. */
export const MEASURES = {
  cost: { value: (r) => Number(r.cost_nano ?? 0), show: usd, full: exact },
  requests: { value: (r) => Number(r.requests ?? 0), show: brief, full: count },
  input: { value: input, show: brief, full: count },
  output: { value: output, show: brief, full: count },
  cache: { value: hits, show: (v) => percent(v, 1), ratio: true },
  saved: { value: (r) => Number(r.saved_nano ?? 0), show: usd, full: exact },
  upstream: { value: (r) => Number(r.upstream_cost_nano ?? 0), show: usd, full: exact },
  margin: { value: (r) => Number(r.margin_nano ?? 0), show: usd, full: exact },
  ttft: { value: (r) => r.first_token_ms_p95 || null, show: lasted, ratio: true },
  tpot: { value: (r) => (r.token_us_p95 ? r.token_us_p95 / 1000 : null), show: lasted, ratio: true },
  errors: { value: (r) => r.error_rate ?? null, show: (v) => percent(v, 2), ratio: true },
};

/** The name of a group of a report; `names` turns ids into names. */
export function groupName(by, value, names) {
  if (value === null || value === undefined || value === "") {
    return t("none");
  }
  if (by === "outcome" || by === "dialect" || by === "operation" || by === "class") {
    return named(by, value);
  }
  if (by === "estimated") {
    return t(value === "true" ? "yes" : "no");
  }
  return names ? names(value) : String(value);
}

/** Ranges of time that are offered, as [key, milliseconds]. */
export const RANGES = [
  ["24h", 86400000],
  ["7d", 7 * 86400000],
  ["30d", 30 * 86400000],
  ["90d", 90 * 86400000],
];

/** The step between two points of a chart of a range. */
export function stepOf(millis) {
  return millis <= 8 * 86400000 ? { interval: "hour", size: 3600000 } : { interval: "day", size: 86400000 };
}

/**
 * Series of a chart from rows of a series report: all times of the range, one series for each group,
 * the smallest groups as one.
 */
export function seriesOf(rows, { from, to, size, measure, by, names, most = 6 }) {
  const times = [];
  for (let at = Math.floor(from / size) * size; at < to; at += size) {
    times.push(at);
  }
  const place = new Map(times.map((at, i) => [at, i]));
  const groups = new Map();
  for (const row of rows) {
    const i = place.get(Math.floor(new Date(row.time).getTime() / size) * size);
    if (i === undefined) {
      continue;
    }
    const name = by ? groupName(by, row.split, names) : t(`measure.${measure.key}`);
    if (!groups.has(name)) {
      groups.set(name, times.map(() => (measure.ratio ? null : 0)));
    }
    const value = measure.value(row);
    groups.get(name)[i] = measure.ratio ? value : groups.get(name)[i] + (value ?? 0);
  }
  const weight = (values) => values.reduce((all, v) => all + (v ?? 0), 0);
  const sorted = [...groups].map(([name, values]) => ({ name, values })).sort((a, b) => weight(b.values) - weight(a.values));
  const series = sorted.slice(0, most);
  if (sorted.length > most && !measure.ratio) {
    const rest = sorted.slice(most);
    series.push({ name: t("usage.others"), values: times.map((_, i) => rest.reduce((all, s) => all + s.values[i], 0)) });
  }
  return { times, series };
}

/** A measure by its key. */
export function measureOf(key) {
  return { key, ...(MEASURES[key] ?? MEASURES.cost) };
}
