/* What happens now: traffic, cost, latency, cache, alerts. */

import * as api from "../api.js";
import { chart, meter, spark } from "../chart.js";
import { h, put, say } from "../dom.js";
import { hits, input, measureOf, output, seriesOf } from "../figures.js";
import { ago, brief, count, exact, lasted, percent, usd } from "../format.js";
import { named, t } from "../i18n.js";
import { badge, button, card, empty, head, problem, segments } from "../ui.js";

const EVERY = 5000;
const SPANS = { "1h": [3600000, "minute"], "24h": [86400000, "hour"], "7d": [7 * 86400000, "day"] };

export async function show(place, page) {
  let span = page.query.get("span") ?? "1h";
  if (!SPANS[span]) {
    span = "1h";
  }
  const fresh = h("span", { class: "muted small" });
  const tiles = Object.fromEntries(["requests", "cost", "ttft", "cache", "errors", "tokens"].map((k) => [k, tile(t(`overview.${k}`))]));
  const traffic = chart({ label: t("overview.traffic"), format: brief, kind: "columns", height: 210 });
  const cost = chart({ label: t("overview.cost_by_project"), format: usd, kind: "columns", height: 210 });
  const latency = chart({ label: t("overview.latency"), format: lasted, height: 210 });
  const cache = chart({ label: t("overview.cache_chart"), format: (v) => percent(v, 0), kind: "area", height: 210 });
  const alerts = h("div");
  const backends = h("div");
  const failure = h("div", { "aria-live": "polite" });
  const started = h("div");
  const signal = page.signal;

  const refresh = async () => {
    const [length, step] = SPANS[span];
    const to = Date.now();
    const from = to - length;
    const range = { from: new Date(from).toISOString(), to: new Date(to).toISOString(), step };
    try {
      const [rows, byProject, now, warnings, states] = await Promise.all([
        api.usage.series(range),
        api.usage.series({ ...range, by: "project" }),
        api.overview(signal).catch(rethrow),
        api.alerts.list({ limit: 5 }).catch(rethrow),
        api.backends.list({ limit: 50 }).catch(rethrow),
      ]);
      if (signal.aborted) {
        return;
      }
      const bounds = { from, to, step };
      draw(rows.data, byProject.data, now, bounds);
      put(alerts, alertList(warnings?.data ?? now?.alerts ?? []));
      put(backends, backendList(states?.data ?? []));
      failure.replaceChildren();
      say(fresh, t("overview.fresh", { time: new Date().toLocaleTimeString() }));
    } catch (error) {
      if (error.name !== "AbortError" && !signal.aborted) {
        put(failure, problem(error, refresh));
      }
    }
  };

  function draw(rows, byProject, now, bounds) {
    const one = (key) => seriesOf(rows, { ...bounds, measure: measureOf(key) });
    const sum = (of) => rows.reduce((all, r) => all + Number(of(r) ?? 0), 0);
    const values = (key) => one(key).series[0]?.values.map((v) => v ?? 0) ?? [];
    const requests = sum((r) => r.requests);
    const today = now?.cost_today_nano;
    tiles.requests.say(brief(requests), now ? t("overview.running", { running: count(now.running ?? 0), waiting: count(now.waiting ?? 0) }) : "", count(requests));
    tiles.requests.line(values("requests"));
    const nano = sum((r) => r.cost_nano);
    tiles.cost.say(usd(today ?? nano), today === undefined ? t(`range.${span}`) : t("overview.in_range", { cost: usd(nano), range: t(`range.${span}`) }), exact(today ?? nano));
    tiles.cost.line(values("cost"));
    const late = now?.ttft_p95_ms ?? weighted(rows, (r) => r.ttft_p95_ms);
    tiles.ttft.say(lasted(late), t("overview.p50", { time: lasted(now?.ttft_p50_ms ?? weighted(rows, (r) => r.ttft_p50_ms)) }));
    tiles.ttft.line(values("ttft"));
    const all = { input_uncached: sum((r) => r.input_uncached), cache_read: sum((r) => r.cache_read), cache_write: sum((r) => r.cache_write) };
    tiles.cache.say(percent(hits(all)), t("overview.saved", { cost: usd(sum((r) => r.cache_saved_nano)) }));
    tiles.cache.line(values("cache"));
    tiles.errors.say(percent(weighted(rows, (r) => r.error_rate), 2), t("overview.errors_note"));
    tiles.errors.line(values("errors"));
    tiles.tokens.say(brief(sum(input) + sum(output)), t("overview.in_out", { input: brief(sum(input)), output: brief(sum(output)) }));
    tiles.tokens.line(values("output"));
    traffic.update(one("requests"));
    cost.update(seriesOf(byProject, { ...bounds, measure: measureOf("cost"), by: "project", most: 5 }));
    const p50 = { key: "ttft50", value: (r) => r.ttft_p50_ms ?? null, ratio: true };
    const slow = one("ttft");
    const mid = seriesOf(rows, { ...bounds, measure: p50 });
    latency.update({
      times: slow.times,
      series: [
        { name: t("overview.median"), values: mid.series[0]?.values ?? [] },
        { name: t("overview.p95"), values: slow.series[0]?.values ?? [] },
      ],
    });
    cache.update(one("cache"));
    put(started, requests === 0 && span !== "1h" && firstSteps());
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
      card(t("overview.alerts"), { actions: link("budgets", t("overview.all_budgets")) }, alerts),
      card(t("overview.backends"), { actions: link("routes", t("overview.all_routes")) }, backends)
    )
  );
  await refresh();
  page.every(EVERY, refresh);
}

/** What a role may not see, or what is not there, leaves the rest of the page as it is. */
function rethrow(error) {
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
    node: h("div", { class: "card tile" }, h("div", { class: "name" }, name), value, note, small.node),
    say(text, more, full) {
      say(value, text);
      say(note, more);
      if (full) {
        value.title = full;
      }
    },
    line: (values) => small.update(values),
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

function alertList(rows) {
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
        h("span", r.scope_name ?? r.scope_id, h("span", { class: "sub" }, named("window", r.window))),
        h("span", { class: "muted small push" }, ago(r.raised_at ?? r.created_at ?? r.time))
      )
    )
  );
}

function backendList(rows) {
  if (rows.length === 0) {
    return h("p", { class: "muted" }, t("overview.no_backends"));
  }
  return h(
    "ul",
    { class: "lines" },
    rows.slice(0, 6).map((r) => {
      const state = String(r.breaker ?? r.state ?? "closed").toLowerCase();
      const ok = state === "closed" && r.healthy !== false;
      return h(
        "li",
        badge(named("breaker", state), ok ? "good" : state === "half_open" ? "warn" : "bad"),
        h("span", r.name ?? r.id, h("span", { class: "sub" }, r.kind ?? r.format ?? "")),
        h("span", { class: "push share" }, meter(r.success_rate ?? (ok ? 1 : 0), { tone: ok ? "" : "bad", label: percent(r.success_rate ?? (ok ? 1 : 0)) }))
      );
    })
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
