/* How well backends serve versions, how copies compare, and reports of two versions side by side. */

import * as api from "../api.js";
import { h } from "../dom.js";
import { ago, count, lasted, percent, usd } from "../format.js";
import { t } from "../i18n.js";
import { badge, button, card, empty, head, load, toast } from "../ui.js";
import { table } from "../table.js";

const part = (of, all) => (all > 0 ? `${percent(of / all, 0)} (${count(of)}/${count(all)})` : "–");

export async function show(place, page) {
  const again = () => show(place, page);
  const look = page.may("MODEL") && button(t("quality.look"), { symbol: "play", first: true, onclick: run });

  async function run() {
    await api.trials.look();
    toast(t("quality.looking"));
  }

  await load(place, async () => {
    const [quality, shadows, reports] = await Promise.all([api.trials.quality(), copies(), summaries()]);
    if (page.signal.aborted) {
      return [];
    }
    return [
      head(t("quality.title"), t("quality.text"), look, button(t("quality.again"), { onclick: again })),
      card(t("quality.backends"), { note: t("quality.backends_note"), flush: true }, backends(quality.data)),
      card(t("quality.copies"), { note: t("quality.copies_note"), flush: true }, compared(shadows)),
      reports && card(t("quality.reports"), { note: t("quality.reports_note"), flush: true }, sides(reports)),
    ];
  });
}

/** Rollouts whose copies were compared. */
async function copies() {
  const rollouts = (await api.rollouts.list({ limit: 50 })).data.filter((r) => r.mode === "shadow" && r.state !== "draft");
  return Promise.all(rollouts.slice(0, 20).map((r) => api.rollouts.one(r.id)));
}

/** Reports are for those who see everything; others do without. */
async function summaries() {
  try {
    const list = (await api.trials.reports()).data;
    return await Promise.all(list.slice(0, 10).map((r) => api.trials.report(r.id)));
  } catch (error) {
    if (error.status === 403) {
      return null;
    }
    throw error;
  }
}

export function backends(rows) {
  return table({
    name: t("quality.backends"),
    rows,
    none: empty("models", t("quality.nothing"), t("quality.nothing_text")),
    columns: [
      { key: "version", title: t("quality.version"), first: true, show: (s) => s.version },
      { key: "backend", title: t("quality.backend"), show: (s) => [s.backend, " ", s.suspect ? badge(t("quality.suspect"), "bad") : null, s.suspect && h("span", { class: "sub" }, s.suspect)] },
      { key: "calls", title: t("quality.calls"), end: true, show: (s) => part(s.valid_calls, s.calls) },
      { key: "answers", title: t("quality.answers"), end: true, show: (s) => part(s.exact_answers, s.questions) },
      { key: "distance", title: t("quality.distance"), end: true, show: (s) => (s.logprob_distance === null ? "–" : s.logprob_distance.toFixed(4)) },
      { key: "failures", title: t("quality.failures"), end: true, show: (s) => count(s.failures) },
      { key: "at", title: t("quality.at"), end: true, show: (s) => ago(s.sampled_at) },
    ],
  });
}

function compared(rollouts) {
  const rows = rollouts.flatMap((r) => ["baseline", "candidate"].map((side) => ({ r, side, c: r.comparison })));
  const of = (row, what) => row.c[`${row.side}_${what}`];
  const mean = (row, what) => of(row, what) / Math.max(1, row.c.compared - of(row, "failed"));
  return table({
    name: t("quality.copies"),
    rows,
    none: empty("models", t("quality.no_copies"), t("quality.no_copies_text")),
    columns: [
      { key: "name", title: t("quality.version"), first: true, show: (row) => [row.r[row.side], h("span", { class: "sub" }, `${row.r.alias} · ${t(`quality.${row.side}`)}`)] },
      { key: "compared", title: t("quality.pairs"), end: true, show: (row) => count(row.c.compared) + (row.c.dropped > 0 ? ` (+${count(row.c.dropped)} ${t("quality.dropped")})` : "") },
      { key: "same", title: t("quality.same"), end: true, show: (row) => part(row.c.same_text, row.c.compared) },
      { key: "failed", title: t("quality.failures"), end: true, show: (row) => count(of(row, "failed")) },
      { key: "calls", title: t("quality.calls"), end: true, show: (row) => part(of(row, "good_calls"), of(row, "calls")) },
      { key: "schemas", title: t("quality.schemas"), end: true, show: (row) => part(of(row, "good_schemas"), of(row, "schemas")) },
      { key: "tokens", title: t("quality.tokens"), end: true, show: (row) => count(Math.round(mean(row, "tokens"))) },
      { key: "time", title: t("quality.time"), end: true, show: (row) => lasted(of(row, "millis") / Math.max(1, row.c.compared)) },
    ],
  });
}

function sides(reports) {
  const rows = reports.flatMap((r) => [
    { r, version: r.from, s: r.summary.baseline, other: false },
    { r, version: r.to, s: r.summary.candidate, other: true },
  ]);
  return table({
    name: t("quality.reports"),
    rows,
    none: empty("models", t("quality.no_reports"), t("quality.no_reports_text")),
    columns: [
      { key: "version", title: t("quality.version"), first: true, show: (row) => [row.version, h("span", { class: "sub" }, row.other ? t("quality.candidate") : `${ago(row.r.created_at)} · ${count(row.r.done)}/${count(row.r.total)}`)] },
      { key: "failed", title: t("quality.failures"), end: true, show: (row) => count(row.s.failed) },
      { key: "calls", title: t("quality.calls"), end: true, show: (row) => part(row.s.valid_calls, row.s.calls) },
      { key: "schemas", title: t("quality.schemas"), end: true, show: (row) => part(row.s.valid_schemas, row.s.schemas) },
      { key: "tokens", title: t("quality.tokens"), end: true, show: (row) => count(row.s.output_tokens) },
      { key: "time", title: t("quality.median"), end: true, show: (row) => (row.s.millis_p50 === null ? "–" : lasted(row.s.millis_p50)) },
      { key: "cost", title: t("quality.cost"), end: true, show: (row) => (row.s.cost_nano === null ? "–" : usd(row.s.cost_nano)) },
    ],
  });
}
