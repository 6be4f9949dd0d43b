/* Requests by their metadata; never what was said in them. */

import * as api from "../api.js";
import { h, put } from "../dom.js";
import { hits, input, output } from "../figures.js";
import { ago, count, exact, lasted, percent, usd, when } from "../format.js";
import { named, t } from "../i18n.js";
import { badge, button, card, copier, dialog, empty, field, head, load, notice, tabs } from "../ui.js";
import { pages, table } from "../table.js";
import { tree } from "../tenancy.js";

const OUTCOMES = ["completed", "length", "client_left", "client_left_queued", "budget_exhausted", "error", "drained", "crashed", "upstream_error", "upstream_cut", "shadow"];

export async function show(place, page) {
  const query = page.query;
  const result = h("div");
  const all = await tree(true);
  const specs = [
    { name: "request", label: t("requests.id"), placeholder: "req_…", grow: true },
    { name: "project", label: t("dimension.project"), type: "select", options: [["", t("all")], ...all.projectOptions()] },
    { name: "alias", label: t("dimension.alias") },
    { name: "outcome", label: t("dimension.outcome"), type: "select", options: [["", t("all")], ...OUTCOMES.map((o) => [o, named("outcome", o)])] },
  ];
  const fields = specs.map((s) => field({ ...s, value: query.get(s.name) ?? "" }));
  const refresh = () =>
    load(result, async () => {
      const asked = Object.fromEntries([...query].filter(([k]) => !["request", "tab", "session"].includes(k)));
      const one = query.get("request");
      return card(
        null,
        { flush: true },
        await pages({
          list: one ? () => api.requests.attempts(one) : api.requests.list,
          query: asked,
          signal: page.signal,
          name: t("requests.title"),
          none: empty("requests", t("requests.none"), query.size > 0 ? t("requests.none_filtered") : t("requests.none_text")),
          columns: columns(all),
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
  put(
    place,
    head(t("requests.title"), t("requests.text")),
    tabs(
      t("requests.title"),
      [
        ["all", t("requests.title"), () => h("div", { class: "stack" }, card(null, {}, search), result)],
        ["cache", t("cache.title"), () => conversations(all, page)],
      ],
      query.get("tab"),
      (tab) => page.keep({ tab })
    )
  );
  await refresh();
}

const CAUSES = { extended: "good", first: "", lost: "warn" };

/** Prompts beside those before them in their conversations: what the cache could not use, and why. */
function conversations(all, page) {
  const place = h("div");
  load(place, async () => {
    const rows = (await api.requests.cache({ limit: 200, session: page.query.get("session") })).data;
    return card(
      t("cache.title"),
      { flush: true, note: t("cache.note") },
      table({
        name: t("cache.title"),
        rows,
        none: empty("requests", t("cache.none"), t("cache.none_text")),
        columns: [
          { key: "at", title: t("requests.time"), first: true, show: (r) => [h("span", { class: "nowrap", title: when(r.at) }, ago(r.at)), h("span", { class: "sub mono" }, r.session.slice(0, 14))] },
          { key: "project", title: t("dimension.project"), show: (r) => [all.name(r.project), h("span", { class: "sub" }, r.model)] },
          { key: "cause", title: t("cache.cause"), show: (r) => [badge(named("cache_cause", r.cause), CAUSES[r.cause] ?? "bad"), h("span", { class: "sub" }, why(r))] },
          { key: "cached", title: t("measure.cache"), end: true, show: (r) => [percent(r.cached_tokens / r.prompt_tokens, 0), h("span", { class: "sub" }, t("cache.of", { cached: count(r.cached_tokens), all: count(r.prompt_tokens) }))] },
        ],
      })
    );
  });
  return place;
}

/** Where two prompts part, and by how much. */
function why(r) {
  if (!r.kind) {
    return t(`cache_text.${r.cause}`);
  }
  return [
    t(`cache_text.${r.cause}`),
    t("cache.where", { part: r.part + 1, kind: named("cache_kind", r.kind), same: count(r.same_characters) }),
    r.before && r.after && t("cache.sizes", { before: count(r.before.characters), after: count(r.after.characters) }),
  ]
    .filter(Boolean)
    .join(" ");
}

function columns(all) {
  return [
    {
      key: "time",
      title: t("requests.time"),
      first: true,
      show: (r) => button(h("span", { class: "nowrap" }, ago(r.started_at)), { link: true, title: when(r.started_at), onclick: () => open(r, all) }),
    },
    { key: "model", title: t("dimension.alias"), show: (r) => [r.alias, h("span", { class: "sub" }, r.backend)] },
    { key: "project", title: t("dimension.project"), show: (r) => [all.name(r.project), h("span", { class: "sub" }, all.name(r.key))] },
    { key: "outcome", title: t("dimension.outcome"), show: (r) => badge(named("outcome", r.outcome), tone(r.outcome)) },
    { key: "input", title: t("measure.input"), end: true, show: (r) => [count(input(r)), h("span", { class: "sub" }, t("requests.cached", { share: percent(hits(r), 0) }))] },
    { key: "output", title: t("measure.output"), end: true, show: (r) => count(output(r)) },
    { key: "ttft", title: t("requests.first"), end: true, show: (r) => lasted(phases(r).ttft) },
    { key: "spans", title: t("requests.waterfall"), show: (r) => waterfall(r, false) },
    { key: "total", title: t("requests.total"), end: true, show: (r) => lasted(phases(r).total) },
    { key: "cost", title: t("measure.cost"), end: true, show: (r) => h("span", { title: exact(r.cost_nano) }, usd(r.cost_nano)) },
  ];
}

function tone(outcome) {
  const name = String(outcome).toLowerCase();
  return name === "completed" || name === "length" ? "good" : name.startsWith("client") || name === "shadow" ? "" : "bad";
}

/** Times of a request in milliseconds: queue, prefill and decode follow each other. */
function phases(r) {
  const w = r.waterfall;
  return { total: w.total_ms, ttft: r.first_token_ms || null, queue: w.queue_ms, prefill: w.prefill_ms, decode: w.decode_ms };
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

function fact(name, value) {
  return value === null || value === undefined || value === "" ? null : [h("dt", name), h("dd", value)];
}

async function open(row, all) {
  const attempts = await api.requests.attempts(row.request_id).then((a) => a.data, () => [row]);
  const explained = await api.requests.cache({ request: row.request_id }).then((a) => a.data[0], () => null);
  const r = row;
  dialog(
    t("requests.one"),
    (close) => ({
      body: [
        h("div", { class: "row" }, h("code", r.request_id), copier(r.request_id, { plain: true }), h("span", { class: "push" }, badge(named("outcome", r.outcome), tone(r.outcome)))),
        r.estimated && notice("warn", t("requests.estimated"), t("requests.estimated_text")),
        h("h3", t("requests.waterfall")),
        waterfall(r, true),
        explained && [h("h3", t("cache.title")), h("p", badge(named("cache_cause", explained.cause), CAUSES[explained.cause] ?? "bad"), " ", why(explained))],
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
          fact(t("requests.time"), when(r.started_at)),
          fact(t("dimension.alias"), r.alias),
          fact(t("dimension.version"), r.version),
          fact(t("dimension.backend"), r.backend),
          fact(t("dimension.dialect"), named("dialect", r.dialect)),
          fact(t("dimension.operation"), named("operation", r.operation)),
          fact(t("dimension.class"), r.class ? named("class", r.class) : null),
          fact(t("dimension.project"), all.name(r.project)),
          fact(t("dimension.key"), all.name(r.key)),
          fact(t("requests.status"), r.status),
          fact(t("requests.per_token"), r.token_us ? lasted(r.token_us / 1000) : null),
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
