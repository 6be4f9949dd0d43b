/* Numbers, money and times as people read them. */

import { language, t } from "./i18n.js";

const cache = new Map();

function numbers(options) {
  const key = language() + JSON.stringify(options);
  if (!cache.has(key)) {
    cache.set(key, new Intl.NumberFormat(language() === "zh" ? "zh-CN" : "en-US", options));
  }
  return cache.get(key);
}

const NONE = "–";

/** A whole number in full. */
export function count(value) {
  return value === null || value === undefined ? NONE : numbers({ maximumFractionDigits: 0 }).format(value);
}

/** A large number in short: 12.3M. */
export function brief(value) {
  if (value === null || value === undefined) {
    return NONE;
  }
  return Math.abs(value) < 10000
    ? numbers({ maximumFractionDigits: value % 1 === 0 ? 0 : 1 }).format(value)
    : numbers({ notation: "compact", maximumFractionDigits: 1 }).format(value);
}

/** A share of one as percent. */
export function percent(value, digits = 1) {
  return value === null || value === undefined
    ? NONE
    : numbers({ style: "percent", maximumFractionDigits: digits }).format(value);
}

/** Nano-USD as dollars, as exact as it makes sense for its size. */
export function usd(nano) {
  if (nano === null || nano === undefined) {
    return NONE;
  }
  const dollars = Number(nano) / 1e9;
  const size = Math.abs(dollars);
  const digits = size === 0 || size >= 1 ? 2 : size >= 0.01 ? 4 : size >= 0.0001 ? 6 : 9;
  return numbers({
    style: "currency",
    currency: "USD",
    currencyDisplay: "narrowSymbol",
    minimumFractionDigits: 2,
    maximumFractionDigits: digits,
  }).format(dollars);
}

/** All nine decimals of an amount. */
export function exact(nano) {
  const whole = BigInt(Math.trunc(Number(nano ?? 0)));
  const size = whole < 0n ? -whole : whole;
  return `${whole < 0n ? "-" : ""}$${size / 1000000000n}.${String(size % 1000000000n).padStart(9, "0")}`;
}

/** Dollars as a person types them, in nano-USD; null when it is no amount. */
export function nano(text) {
  const match = /^\s*\$?\s*(\d{1,7})(?:\.(\d{0,9}))?\s*$/.exec(text.replaceAll(",", ""));
  return match ? Number(match[1]) * 1e9 + Number((match[2] ?? "").padEnd(9, "0")) : null;
}

/** Milliseconds as a time that passed. */
export function lasted(millis) {
  if (millis === null || millis === undefined) {
    return NONE;
  }
  if (millis < 1) {
    return `${numbers({ maximumFractionDigits: 2 }).format(millis)} ms`;
  }
  if (millis < 1000) {
    return `${numbers({ maximumFractionDigits: millis < 10 ? 1 : 0 }).format(millis)} ms`;
  }
  if (millis < 120000) {
    return `${numbers({ maximumFractionDigits: millis < 10000 ? 2 : 1 }).format(millis / 1000)} s`;
  }
  return millis < 7200000
    ? `${numbers({ maximumFractionDigits: 0 }).format(millis / 60000)} min`
    : `${numbers({ maximumFractionDigits: 1 }).format(millis / 3600000)} h`;
}

function dates(options) {
  const key = "date" + language() + JSON.stringify(options);
  if (!cache.has(key)) {
    cache.set(key, new Intl.DateTimeFormat(language() === "zh" ? "zh-CN" : "en-GB", options));
  }
  return cache.get(key);
}

function moment(value) {
  if (value === null || value === undefined || value === "") {
    return null;
  }
  const time = new Date(value);
  return Number.isNaN(time.getTime()) ? null : time;
}

/** Date and time of day. */
export function when(value) {
  const time = moment(value);
  return time ? dates({ dateStyle: "medium", timeStyle: "medium" }).format(time) : NONE;
}

/** The date alone. */
export function day(value) {
  const time = moment(value);
  return time ? dates({ dateStyle: "medium" }).format(time) : NONE;
}

/** A label of an axis of time. */
export function tick(value, span) {
  const time = moment(value);
  if (!time) {
    return "";
  }
  return span > 3 * 86400000
    ? dates({ month: "short", day: "numeric" }).format(time)
    : dates(span < 600000 ? { hour: "2-digit", minute: "2-digit", second: "2-digit" } : { hour: "2-digit", minute: "2-digit" }).format(time);
}

/** How long ago or ahead. */
export function ago(value, now = Date.now()) {
  const time = moment(value);
  if (!time) {
    return t("never");
  }
  const seconds = (time.getTime() - now) / 1000;
  const size = Math.abs(seconds);
  if (size < 45) {
    return t("just_now");
  }
  const relative = new Intl.RelativeTimeFormat(language() === "zh" ? "zh-CN" : "en", { numeric: "auto" });
  const [unit, length] =
    size < 2700 ? ["minute", 60] : size < 64800 ? ["hour", 3600] : size < 2160000 ? ["day", 86400] : ["month", 2592000];
  return relative.format(Math.round(seconds / length), unit);
}

/** Bytes in binary units. */
export function bytes(value) {
  if (value === null || value === undefined) {
    return NONE;
  }
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let size = Number(value);
  let unit = 0;
  while (size >= 1024 && unit < units.length - 1) {
    size /= 1024;
    unit += 1;
  }
  return `${numbers({ maximumFractionDigits: size < 10 && unit > 0 ? 1 : 0 }).format(size)} ${units[unit]}`;
}
