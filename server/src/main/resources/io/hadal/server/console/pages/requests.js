/* Requests by their metadata; never what was said in them. */

import * as api from "../api.js";
import { h, put } from "../dom.js";
import { hits, input, output } from "../figures.js";
import { ago, count, exact, lasted, percent, usd, when } from "../format.js";
import { named, t } from "../i18n.js";
import { badge, button, card, copier, dialog, empty, field, head, load, notice } from "../ui.js";
import { pages } from "../table.js";

const OUTCOMES = ["completed", "length", "client_left", "client_left_queued", "budget_exhausted", "error", "drained", "crashed", "upstream_error", "upstream_cut", "shadow"];

export async function show(place, page) {
  const query = page.query;
  const result = h("div");
  const specs = [
    { name: "request_id", label: t("requests.id"), placeholder: "req_…", grow: true },
    { name: "project", label: t("dimension.project") },
    { name: "alias", label: t("dimension.alias") },
    { name: "outcome", label: t("dimension.outcome"), type: "select", options: [["", t("all")], ...OUTCOMES.map((o) => [o, named("outcome", o)])] },
  ];
  const fields = specs.map((s) => field({ ...s, value: query.get(s.name) ?? "" }));
  const refresh = () =>
    load(result, async () => {
      const asked = Object.fromEntries([...query].filter(([k]) => k !== "request"));
      return card(
        null,
        { flush: true },
        await pages({
          list: api.requests.list,
          query: asked,
          signal: page.signal,
          name: t("requests.title"),
          none: empty("requests", t("requests.none"), query.size > 0 ? t("requests.none_filtered") : t("requests.none_text")),
          columns: columns(),
        })
      );
    });
  const search = h(
    "form",
    {
      class: "filters",
      role: "search",
      onsubmit: (e) => {
        e.preventDefault();
        page.keep(Object.fromEntries(fields.map((f) => [f.spec.name, f.get()])));
        refresh();
      },
    },
    fields.map((f) => f.node),
    button(t("search"), { type: "submit", symbol: "search", first: true })
  );
  put(place, head(t("requests.title"), t("requests.text")), card(null, {}, search), result);
  await refresh();
  if (query.get("request")) {
    open(await api.requests.one(query.get("request")));
  }
}

function columns() {
  return [
    {
      key: "time",
      title: t("requests.time"),
      first: true,
      show: (r) => button(ago(started(r)), { link: true, title: when(started(r)), label: t("requests.open", { id: r.request_id }), onclick: () => openOne(r) }),
    },
    { key: "model", title: t("dimension.alias"), show: (r) => [r.alias, h("span", { class: "sub" }, r.backend)] },
    { key: "project", title: t("dimension.project"), show: (r) => [r.project_name ?? r.project, h("span", { class: "sub" }, r.key_name ?? r.key)] },
    { key: "outcome", title: t("dimension.outcome"), show: (r) => badge(named("outcome", r.outcome), tone(r.outcome)) },
    { key: "input", title: t("measure.input"), end: true, show: (r) => [count(input(r)), h("span", { class: "sub" }, t("requests.cached", { share: percent(hits(r), 0) }))] },
    { key: "output", title: t("measure.output"), end: true, show: (r) => count(output(r)) },
    { key: "ttft", title: t("requests.first"), end: true, show: (r) => lasted(phases(r).ttft) },
    { key: "spans", title: t("requests.waterfall"), show: (r) => waterfall(r, false) },
    { key: "total", title: t("requests.total"), end: true, show: (r) => lasted(phases(r).total) },
    { key: "cost", title: t("measure.cost"), end: true, show: (r) => h("span", { title: exact(r.cost_nano) }, usd(r.cost_nano)) },
  ];
}

const started = (r) => r.started_at ?? r.start ?? r.ts_start;

function tone(outcome) {
  const name = String(outcome).toLowerCase();
  return name === "completed" || name === "length" ? "good" : name.startsWith("client") || name === "shadow" ? "" : "bad";
}

/** Times of a request in milliseconds: queue, prefill and decode follow each other. */
function phases(r) {
  const at = (v) => (v === null || v === undefined || v === 0 ? null : new Date(v).getTime());
  const begin = at(started(r));
  const first = at(r.first_token_at ?? r.first_token ?? r.ts_first);
  const end = at(r.ended_at ?? r.end ?? r.ts_end);
  const total = r.duration_ms ?? (begin !== null && end !== null ? end - begin : null);
  const queue = Number(r.queue_ms ?? 0);
  const ttft = r.ttft_ms ?? (first !== null && begin !== null ? first - begin : null);
  return {
    total,
    ttft,
    queue,
    prefill: ttft === null ? Math.max(0, (total ?? 0) - queue) : Math.max(0, ttft - queue),
    decode: ttft === null ? 0 : Math.max(0, (total ?? 0) - ttft),
  };
}

/** Bars of the phases; with names and times in the large form. */
function waterfall(r, large) {
  const p = phases(r);
  const all = Math.max(1, p.queue + p.prefill + p.decode);
  const parts = ["queue", "prefill", "decode"].map((k) => [k, p[k]]);
  const text = parts.map(([k, ms]) => `${t(`requests.${k}`)} ${lasted(ms)}`).join(", ");
  if (!large) {
    const bar = h("div", { class: "fall", role: "img", "aria-label": text, title: text });
    for (const [k, ms] of parts) {
      const part = h("i", { class: k });
      part.style.width = `${((100 * ms) / all).toFixed(1)}%`;
      bar.append(part);
    }
    return bar;
  }
  let offset = 0;
  return h(
    "div",
    { class: "falls" },
    parts.map(([k, ms]) => {
      const part = h("i", { class: k });
      part.style.marginLeft = `${((100 * offset) / all).toFixed(1)}%`;
      part.style.width = `${Math.max(0.4, (100 * ms) / all).toFixed(1)}%`;
      offset += ms;
      return [h("span", t(`requests.${k}`)), h("div", { class: "fall" }, part), h("span", { class: "number" }, lasted(ms))];
    })
  );
}

async function openOne(row) {
  let full = row;
  try {
    full = { ...row, ...(await api.requests.one(row.request_id)) };
  } catch {
    full = row;
  }
  open(full);
}

function fact(name, value) {
  return value === null || value === undefined || value === "" ? null : [h("dt", name), h("dd", value)];
}

function open(answer) {
  const attempts = answer.attempts ?? answer.data ?? [answer];
  const r = Array.isArray(attempts) && attempts.length > 0 ? { ...answer, ...attempts[attempts.length - 1] } : answer;
  dialog(
    t("requests.one"),
    (close) => ({
      body: [
        h("div", { class: "row" }, h("code", r.request_id), copier(r.request_id, { plain: true }), h("span", { class: "push" }, badge(named("outcome", r.outcome), tone(r.outcome)))),
        r.estimated && notice("warn", t("requests.estimated"), t("requests.estimated_text")),
        h("h3", t("requests.waterfall")),
        waterfall(r, true),
        h("h3", t("requests.tokens_title")),
        h(
          "dl",
          { class: "facts" },
          fact(t("requests.uncached"), count(r.input_uncached)),
          fact(t("requests.cache_read"), count(r.cache_read)),
          fact(t("requests.cache_write"), count(r.cache_write)),
          fact(t("requests.text_out"), count(r.output_text)),
          fact(t("requests.reasoning_out"), count(r.output_reasoning)),
          fact(t("measure.cost"), exact(r.cost_nano)),
          fact(t("measure.upstream"), r.upstream_cost_nano === null || r.upstream_cost_nano === undefined ? null : exact(r.upstream_cost_nano))
        ),
        h("h3", t("requests.about")),
        h(
          "dl",
          { class: "facts" },
          fact(t("requests.time"), when(started(r))),
          fact(t("dimension.alias"), r.alias),
          fact(t("dimension.model_version"), r.model_version),
          fact(t("dimension.backend"), r.backend),
          fact(t("dimension.dialect"), named("dialect", r.dialect)),
          fact(t("dimension.operation"), named("operation", r.operation)),
          fact(t("dimension.project"), r.project_name ?? r.project),
          fact(t("dimension.key"), r.key_name ?? r.key),
          fact(t("requests.status"), r.status ?? r.http_status),
          fact(t("requests.per_token"), r.tpot_us ? lasted(r.tpot_us / 1000) : null),
          fact(t("requests.upstream_id"), r.upstream_request_id),
          fact(t("requests.tags"), r.tags && Object.keys(r.tags).length > 0 ? Object.entries(r.tags).map(([k, v]) => `${k}=${v}`).join(", ") : null)
        ),
        attempts.length > 1 && [
          h("h3", t("requests.attempts")),
          h("ol", { class: "lines" }, attempts.map((a) => h("li", badge(named("outcome", a.outcome), tone(a.outcome)), h("span", a.backend), h("span", { class: "push number" }, lasted(phases(a).total))))),
        ],
        h("p", { class: "muted small" }, t("requests.no_content")),
      ],
      footer: [button(t("close"), { onclick: close })],
    }),
    { wide: true }
  );
}
