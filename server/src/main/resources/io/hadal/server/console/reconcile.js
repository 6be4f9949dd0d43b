/* An upstream's usage file against the books: what is missing where, and what differs. */

import * as api from "./api.js";
import { h, put } from "./dom.js";
import { count, percent } from "./format.js";
import { named, t } from "./i18n.js";
import { badge, card, empty, field, button, load, mark, notice } from "./ui.js";
import { table } from "./table.js";

const SPAN = 90 * 86400000;
const KINDS = ["missing_here", "missing_there", "tokens", "cost"];
const COLUMNS = [
  ["request_id", "id, upstream_request_id"],
  ["time", "timestamp, date, created_at"],
  ["model", ""],
  ["input_tokens", "prompt_tokens"],
  ["output_tokens", "completion_tokens"],
  ["cost", "cost_usd, amount"],
];

/** The form, and below it what came out. */
export async function reconciliation() {
  const upstreams = await booked();
  if (upstreams?.length === 0) {
    return card(t("reconcile.title"), { note: t("reconcile.note") }, empty("billing", t("reconcile.none"), t("reconcile.none_text")));
  }
  const result = h("div", { "aria-live": "polite" });
  const backend = field(
    upstreams
      ? { name: "backend", type: "select", label: t("reconcile.backend"), options: upstreams.map((name) => [name, name]), help: t("reconcile.backend_help") }
      : { name: "backend", label: t("reconcile.backend"), required: true, help: t("reconcile.backend_name") }
  );
  const file = field({ name: "file", type: "file", label: t("reconcile.file"), required: true, help: t("reconcile.file_help"), more: { accept: ".csv,text/csv" } });
  const go = button(t("reconcile.compare"), { type: "submit", first: true });
  const form = h("form", { novalidate: true, class: "stack" }, h("div", { class: "fields" }, backend.node, file.node), h("div", { class: "row" }, go));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const given = file.control.files[0];
    mark(file, given ? null : t("reconcile.choose"));
    mark(backend, backend.get() ? null : t("required"));
    if (!given || !backend.get()) {
      (given ? backend : file).control.focus();
      return;
    }
    go.disabled = true;
    await load(result, async () => verdict(await api.ledger.reconcile(backend.get(), given), given.name));
    go.disabled = false;
  });
  return h("div", { class: "stack" }, card(t("reconcile.title"), { note: t("reconcile.note") }, h("div", { class: "stack" }, form, format())), result);
}

/** Upstreams with something to compare, the busiest first; null where usage may not be read. */
async function booked() {
  const found = await api.usage.report({ by: "backend", from: new Date(Date.now() - SPAN).toISOString() }).catch((error) => {
    if (error.status === 403) {
      return null;
    }
    throw error;
  });
  return (
    found &&
    found.data
      .sort((a, b) => b.requests - a.requests)
      .map((row) => row.values.backend)
      .filter((name) => name && name !== "local")
  );
}

function format() {
  return h(
    "details",
    h("summary", t("reconcile.format")),
    h("p", { class: "muted small pad-up" }, t("reconcile.format_text")),
    table({
      name: t("reconcile.format"),
      rows: COLUMNS,
      columns: [
        { key: "name", title: t("reconcile.column"), first: true, show: ([name]) => h("code", name) },
        { key: "other", title: t("reconcile.other_names"), show: ([, others]) => (others ? h("code", others) : "–") },
        { key: "what", title: t("reconcile.what"), show: ([name]) => t(`column.${name}`) },
      ],
    })
  );
}

function verdict(r, name) {
  const good = r.differences === 0;
  const share = r.lines > 0 ? percent(r.matched / r.lines, 1) : "–";
  return h(
    "div",
    { class: "stack" },
    r.lines === 0
      ? notice("warn", t("reconcile.no_lines", { file: name }), t("reconcile.no_lines_text"))
      : good
        ? notice("good", t("reconcile.same", { backend: r.backend }), t("reconcile.same_text", { lines: count(r.lines), file: name }))
        : notice("warn", t("reconcile.differs", { differences: count(r.differences) }), t("reconcile.differs_text", { lines: count(r.lines), matched: count(r.matched), share })),
    !good &&
      card(
        t("reconcile.differences"),
        { flush: true, note: KINDS.filter((k) => r.counts[k] > 0).map((k) => `${t(`difference.${k}`)}: ${count(r.counts[k])}`).join(" · ") },
        table({
          name: t("reconcile.differences"),
          rows: r.data,
          columns: [
            { key: "where", title: t("reconcile.where"), first: true, sort: (d) => d.where, show: (d) => h("code", d.where) },
            { key: "kind", title: t("billing.kind"), sort: (d) => d.kind, show: (d) => [badge(named("difference", d.kind), d.kind === "missing_there" ? "warn" : "bad"), h("span", { class: "sub" }, named("difference_help", d.kind))] },
            { key: "here", title: t("reconcile.here"), end: true, show: (d) => said(d, d.here) },
            { key: "there", title: t("reconcile.there"), end: true, show: (d) => said(d, d.there) },
          ],
        }),
        r.data.length < r.differences && h("p", { class: "muted pad" }, t("reconcile.more", { listed: count(r.data.length) }))
      )
  );
}

/* Tokens come as prompt+answer. */
function said(difference, text) {
  if (!text) {
    return h("span", { class: "muted" }, t("reconcile.nothing"));
  }
  const tokens = /^(\d+)\+(\d+)$/.exec(text);
  return tokens ? t("reconcile.tokens", { input: count(Number(tokens[1])), output: count(Number(tokens[2])) }) : difference.kind === "cost" ? `$${text}` : named("times", text);
}
