/* What happens now: traffic, cost, latency, cache, alerts. */

import * as api from "../api.js";
import { chart, spark } from "../chart.js";
import { h, put, say } from "../dom.js";
import { hits, input, measureOf, output, seriesOf } from "../figures.js";
import { ago, brief, count, exact, lasted, percent, usd } from "../format.js";
import { named, t } from "../i18n.js";
import { badge, button, card, empty, head, healthBadge, problem, segments } from "../ui.js";
import { tree } from "../tenancy.js";

const EVERY = 5000;
const HOUR = 3600000;
const SPANS = { "1h": HOUR, "24h": 24 * HOUR, "7d": 7 * 24 * HOUR };
/* The last hour is drawn in pieces of five minutes, of which only the last one changes. */
const PIECE = 300000;
/* Samples of the engine, also of earlier visits to the page: ten minutes of them. */
const SAMPLES = 120;
const engine = { times: [], generated: [], prompt: [] };

export async function show(place, page) {
  let span = SPANS[page.query.get("span")] ? page.query.get("span") : "1h";
  const signal = page.signal;
  const all = await tree();
  const fresh = h("span", { class: "muted small" });
  const tiles = Object.fromEntries(["requests", "cost", "ttft", "cache", "errors", "tokens"].map((k) => [k, tile(t(`overview.${k}`))]));
  const traffic = chart({ label: t("overview.traffic"), format: brief, kind: "columns", height: 210 });
  const cost = chart({ label: t("overview.cost_by_project"), format: usd, kind: "columns", height: 210 });
  const latency = chart({ label: t("overview.latency"), format: lasted, height: 210 });
  const cache = chart({ label: t("overview.cache_chart"), format: (v) => percent(v, 0), kind: "area", height: 210 });
  const speed = chart({ label: t("overview.engine"), format: brief, height: 210 });
  const engineCard = card(t("overview.engine"), { note: t("overview.engine_note") }, speed.node);
  const alerts = h("div");
  const backends = h("div");
  const promises = h("div");
  const failure = h("div", { "aria-live": "polite" });
  const started = h("div");
  const pieces = new Map();

  /** One piece of the last hour: its total and its share of each project. */
  async function piece(at) {
    const report = await api.usage.report({ from: iso(at), to: iso(at + PIECE), by: "project" }, signal);
    const time = iso(at);
    pieces.set(at, { total: { time, ...report.total }, rows: report.data.map((r) => ({ time, split: r.values.project, ...r })) });
  }

  async function lastHour(to) {
    const last = Math.floor(to / PIECE) * PIECE;
    const from = last - HOUR + PIECE;
    for (const at of [...pieces.keys()].filter((k) => k < from)) {
      pieces.delete(at);
    }
    const missing = [];
    for (let at = from; at <= last; at += PIECE) {
      // Requests of the piece before are still on their way from the journal.
      if (!pieces.has(at) || at >= last - PIECE) {
        missing.push(at);
      }
    }
    await Promise.all(missing.map(piece));
    const sorted = [...pieces].sort(([a], [b]) => a - b).map(([, one]) => one);
    return { rows: sorted.map((one) => one.total), byProject: sorted.flatMap((one) => one.rows), bounds: { from, to: last + 1, size: PIECE } };
  }

  async function longer(to) {
    const from = to - SPANS[span];
    const range = { from: iso(from), to: iso(to), interval: "hour" };
    const [rows, byProject] = await Promise.all([api.usage.series(range, signal), api.usage.series({ ...range, split: "project" }, signal)]);
    return { rows: rows.data, byProject: byProject.data, bounds: { from, to, size: HOUR } };
  }

  const refresh = async () => {
    const asked = span;
    const to = Date.now();
    try {
      const midnight = new Date(to).setHours(0, 0, 0, 0);
      const [found, today, now, warnings, states, kept] = await Promise.all([
        span === "1h" ? lastHour(to) : longer(to),
        api.usage.report({ from: iso(midnight), to: iso(to + 1000) }, signal),
        api.overview(signal).catch(absent),
        api.alerts.list({ limit: 5 }).catch(absent),
        api.backends.list({ limit: 50 }).catch(absent),
        api.slo({ from: iso(to - SPANS[span]) }, signal).catch(absent),
      ]);
      if (signal.aborted || asked !== span) {
        return;
      }
      draw(found, today.total, now);
      put(alerts, alertList(warnings?.data ?? [], all));
      put(backends, backendList(states?.data ?? []));
      put(promises, sloList(kept?.data ?? []));
      failure.replaceChildren();
      say(fresh, t("overview.fresh", { time: new Date().toLocaleTimeString() }));
    } catch (error) {
      if (error.name !== "AbortError" && !signal.aborted) {
        put(failure, problem(error, refresh));
      }
    }
  };

  function draw({ rows, byProject, bounds }, today, now) {
    const one = (key) => seriesOf(rows, { ...bounds, measure: measureOf(key) });
    const sum = (of) => rows.reduce((whole, r) => whole + Number(of(r) ?? 0), 0);
    const values = (key) => one(key).series[0]?.values ?? [];
    const requests = sum((r) => r.requests);
    tiles.requests.say(brief(requests), now ? t("overview.running", { running: count(now.running), waiting: count(now.waiting) }) : t(`range.${span}`), count(requests));
    tiles.requests.line(values("requests"));
    tiles.cost.say(usd(today.cost_nano), t("overview.in_range", { cost: usd(sum((r) => r.cost_nano)), range: t(`range.${span}`) }), exact(today.cost_nano));
    tiles.cost.line(values("cost"));
    tiles.ttft.say(lasted(weighted(rows, (r) => r.first_token_ms_p95 || null)), t("overview.p50", { time: lasted(weighted(rows, (r) => r.first_token_ms_p50 || null)) }));
    tiles.ttft.line(values("ttft"));
    const prompts = { input_uncached: sum((r) => r.input_uncached), cache_read: sum((r) => r.cache_read), cache_write: sum((r) => r.cache_write) };
    tiles.cache.say(percent(hits(prompts)), t("overview.saved", { cost: usd(sum((r) => r.saved_nano)) }));
    tiles.cache.line(values("cache"));
    const attempts = sum((r) => r.attempts);
    tiles.errors.say(attempts > 0 ? percent(sum((r) => r.errors) / attempts, 2) : "–", t("overview.errors_note", { errors: count(sum((r) => r.errors)) }));
    tiles.errors.line(values("errors"));
    tiles.tokens.say(brief(sum(input) + sum(output)), t("overview.in_out", { input: brief(sum(input)), output: brief(sum(output)) }));
    tiles.tokens.line(values("output"));
    traffic.update(one("requests"));
    cost.update(seriesOf(byProject, { ...bounds, measure: measureOf("cost"), by: "project", names: all.name, most: 5 }));
    const slow = one("ttft");
    const middle = seriesOf(rows, { ...bounds, measure: { key: "ttft", value: (r) => r.first_token_ms_p50 || null, ratio: true } });
    latency.update({
      times: slow.times,
      series: [
        { name: t("overview.median"), values: middle.series[0]?.values ?? [] },
        { name: t("overview.p95"), values: slow.series[0]?.values ?? [] },
      ],
    });
    cache.update(one("cache"));
    engineCard.hidden = !now;
    if (now) {
      sample(now);
      speed.update({
        times: engine.times,
        series: [
          { name: t("overview.generated"), values: engine.generated },
          { name: t("overview.read"), values: engine.prompt },
        ],
      });
    }
    put(started, requests === 0 && Number(today.requests) === 0 && firstSteps());
  }

  const range = segments(
    t("overview.range"),
    Object.keys(SPANS).map((k) => [k, t(`range.${k}`)]),
    span,
    (key) => {
      span = key;
      page.keep({ span: key });
      refresh();
    }
  );
  put(
    place,
    head(t("overview.title"), t("overview.text"), fresh, range),
    failure,
    started,
    h("div", { class: "tiles" }, Object.values(tiles).map((one) => one.node)),
    h(
      "div",
      { class: "grid two" },
      card(t("overview.traffic"), { note: t("overview.traffic_note") }, traffic.node),
      card(t("overview.cost_by_project"), { note: t("overview.cost_note"), actions: link("usage", t("overview.explore")) }, cost.node),
      card(t("overview.latency"), { note: t("overview.latency_note") }, latency.node),
      card(t("overview.cache_chart"), { note: t("overview.cache_note") }, cache.node),
      engineCard,
      card(t("overview.slo"), { note: t("overview.slo_note"), actions: link("models?tab=versions", t("overview.all_versions")) }, promises),
      card(t("overview.alerts"), { actions: link("budgets", t("overview.all_budgets")) }, alerts),
      card(t("overview.backends"), { actions: link("routes", t("overview.all_routes")) }, backends)
    )
  );
  await refresh();
  page.every(EVERY, refresh);
}

function sample(now) {
  engine.times.push(Date.now());
  engine.generated.push(now.tokens_per_second);
  engine.prompt.push(now.prefill_per_second);
  for (const list of Object.values(engine)) {
    list.splice(0, list.length - SAMPLES);
  }
}

const iso = (millis) => new Date(millis).toISOString();

/** What a role may not see, or what is not there, leaves the rest of the page as it is. */
function absent(error) {
  if (error.status === 403 || error.status === 404) {
    return null;
  }
  throw error;
}

function link(page, text) {
  return h("a", { class: "small", href: `#/${page}` }, text);
}

function tile(name) {
  const value = h("div", { class: "value" }, "–");
  const note = h("div", { class: "note" });
  const small = spark();
  return {
    node: h("div", { class: "card tile" }, h("div", { class: "name" }, name), h("div", { class: "figure" }, value, small.node), note),
    say(text, more, full) {
      say(value, text);
      say(note, more);
      if (full) {
        value.title = full;
      }
    },
    line: (values) => small.update(values.map((v) => v ?? 0)),
  };
}

/** A mean over rows by their requests; null without any. */
function weighted(rows, of) {
  let weight = 0;
  let total = 0;
  for (const row of rows) {
    const value = of(row);
    if (value !== null && value !== undefined) {
      weight += Number(row.requests ?? 1);
      total += value * Number(row.requests ?? 1);
    }
  }
  return weight > 0 ? total / weight : null;
}

function alertList(rows, all) {
  if (rows.length === 0) {
    return h("p", { class: "muted" }, t("overview.no_alerts"));
  }
  return h(
    "ul",
    { class: "lines" },
    rows.map((r) =>
      h(
        "li",
        badge(r.percent >= 100 ? t("overview.used_up") : `${r.percent}%`, r.percent >= 100 ? "bad" : "warn"),
        h("span", r.budget_name, h("span", { class: "sub" }, `${named("scope", r.scope_type)}: ${all.name(r.subject)}`)),
        h("span", { class: "muted small push" }, ago(r.raised_at))
      )
    )
  );
}

/** What versions promise about their speed, and how often they kept it. */
function sloList(rows) {
  if (rows.length === 0) {
    return h("p", { class: "muted" }, t("overview.no_slo"));
  }
  return h(
    "ul",
    { class: "lines" },
    rows.flatMap((r) =>
      ["first_token", "per_token"]
        .filter((k) => r[k])
        .map((k) => {
          const one = r[k];
          const share = one.answers > 0 ? one.in_time / one.answers : null;
          return h(
            "li",
            badge(share === null ? t("overview.slo_none") : percent(share, 1), share === null ? "" : one.met ? "good" : "bad"),
            h(
              "span",
              { class: "rest" },
              h("code", r.version),
              h(
                "span",
                { class: "sub" },
                k === "first_token" ? firstPromise(one, r.percent) : t("overview.slo_token", { percent: r.percent, time: lasted(one.tpot_us / 1000) }),
                one.answers > 0 && ` · ${t("overview.slo_of", { answers: count(one.answers) })}`
              )
            )
          );
        })
    )
  );
}

function firstPromise(one, percent) {
  const fixed = one.ttft_ms > 0 ? lasted(one.ttft_ms) : null;
  const more = one.ttft_ms_per_1k > 0 ? t("overview.slo_per_1k", { time: lasted(one.ttft_ms_per_1k) }) : null;
  return t("overview.slo_first", { percent, time: [fixed, more].filter(Boolean).join(" + ") });
}

function backendList(rows) {
  if (rows.length === 0) {
    return h("p", { class: "muted" }, t("overview.no_backends"));
  }
  return h(
    "ul",
    { class: "lines" },
    rows.slice(0, 8).map((r) =>
      h(
        "li",
        healthBadge(r),
        h("span", r.name, h("span", { class: "sub" }, r.last_problem ?? r.models.map((m) => m.name).join(", "))),
        h("span", { class: "muted small push" }, t("overview.busy", { running: count(r.active_requests) }))
      )
    )
  );
}

function firstSteps() {
  return card(
    null,
    {},
    empty("play", t("overview.first_title"), t("overview.first_text"), h("div", { class: "row" }, go("keys", t("overview.first_key")), go("playground", t("overview.first_try"))))
  );
}

function go(page, text) {
  return button(text, {
    onclick: () => {
      location.hash = `#/${page}`;
    },
  });
}
