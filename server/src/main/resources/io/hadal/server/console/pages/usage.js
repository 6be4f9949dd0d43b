/* Usage and cost by any dimension, with drill-down and export. */

import * as api from "../api.js";
import { chart, meter } from "../chart.js";
import { h, icon, put, set } from "../dom.js";
import { DIMENSIONS, groupName, hits, input, MEASURES, measureOf, output, RANGES, seriesOf, stepOf } from "../figures.js";
import { brief, count, exact, lasted, percent, usd, when } from "../format.js";
import { t } from "../i18n.js";
import { button, card, empty, field, head, load, segments } from "../ui.js";
import { table } from "../table.js";
import { tree } from "../tenancy.js";

/* Where a click on a group leads. */
const NEXT = { org: "team", team: "project", project: "key", key: "alias", alias: "version", version: "backend", principal: "key", backend: "version" };

export async function show(place, page) {
  const query = page.query;
  /* What upstreams bill is of the books. */
  const books = page.may("LEDGER", "READ");
  const state = {
    by: DIMENSIONS.includes(query.get("by")) ? query.get("by") : "project",
    range: query.get("range") ?? "7d",
    measure: MEASURES[query.get("measure")] ? query.get("measure") : "cost",
  };
  const filters = () => Object.fromEntries(DIMENSIONS.filter((d) => query.has(d)).map((d) => [d, query.get(d)]));
  const all = await tree(true);
  const result = h("div", { class: "stack" });
  const chips = h("div", { class: "row chips" });

  function bounds() {
    const own = query.get("from") && query.get("to");
    const length = RANGES.find(([k]) => k === state.range)?.[1] ?? 7 * 86400000;
    const to = own ? new Date(query.get("to")).getTime() : Date.now();
    const from = own ? new Date(query.get("from")).getTime() : to - length;
    return { from, to, ...stepOf(to - from) };
  }
  const asked = (b) => ({ from: new Date(b.from).toISOString(), to: new Date(b.to).toISOString(), ...filters() });

  const refresh = () => {
    drawChips();
    exports();
    return load(result, async () => {
      const b = bounds();
      const [report, series] = await Promise.all([
        api.usage.report({ ...asked(b), by: state.by }),
        api.usage.series({ ...asked(b), split: state.by, interval: b.interval }),
      ]);
      return draw(report, series.data, b);
    });
  };

  function draw(report, rows, b) {
    const groups = report.data;
    if (groups.length === 0) {
      return card(null, {}, empty("usage", t("usage.none"), Object.keys(filters()).length > 0 ? t("usage.none_filtered") : t("usage.none_text")));
    }
    const measure = measureOf(state.measure);
    const total = Number(report.total.cost_nano);
    const plot = chart({ label: t("usage.chart", { measure: t(`measure.${state.measure}`), by: t(`dimension.${state.by}`) }), format: measure.show, kind: measure.ratio ? "line" : "columns", height: 260 });
    plot.update(seriesOf(rows, { ...b, measure, by: state.by, names: all.name }));
    const complete = report.complete_until;
    return [
      h(
        "div",
        { class: "tiles" },
        tile(t("measure.cost"), usd(total), exact(total)),
        tile(t("measure.requests"), brief(report.total.requests), count(report.total.requests)),
        tile(t("usage.tokens"), brief(input(report.total) + output(report.total)), count(input(report.total) + output(report.total))),
        tile(t("measure.cache"), percent(hits(report.total))),
        tile(t("measure.saved"), usd(report.total.saved_nano), exact(report.total.saved_nano))
      ),
      card(t("usage.over_time"), { actions: measures() }, plot.node),
      card(
        t("usage.table", { by: t(`dimension.${state.by}`) }),
        { flush: true, note: NEXT[state.by] ? t("usage.click", { next: t(`dimension.${NEXT[state.by]}`) }) : t("usage.click_filter") },
        groupsTable(groups, total)
      ),
      complete && h("p", { class: "muted small" }, t("usage.complete", { time: when(complete) })),
    ];
  }

  function groupsTable(groups, total) {
    const money = (key, of) => ({ key, title: t(`measure.${key}`), end: true, sort: of, show: (r) => h("span", { title: exact(of(r)) }, usd(of(r))) });
    const numeric = (key, of) => ({ key, title: t(`measure.${key}`), end: true, sort: of, show: (r) => h("span", { title: count(of(r)) }, brief(of(r))) });
    return table({
      name: t("usage.table", { by: t(`dimension.${state.by}`) }),
      rows: groups,
      sort: { key: "cost", down: true },
      columns: [
        {
          key: "name",
          title: t(`dimension.${state.by}`),
          first: true,
          sort: (r) => name(r),
          show: (r) => button(name(r), { link: true, onclick: () => drill(r) }),
        },
        money("cost", (r) => Number(r.cost_nano ?? 0)),
        {
          key: "share",
          title: t("usage.share"),
          show: (r) => meter(total > 0 ? Number(r.cost_nano ?? 0) / total : 0, { label: percent(total > 0 ? Number(r.cost_nano ?? 0) / total : 0) }),
        },
        numeric("requests", (r) => Number(r.requests ?? 0)),
        numeric("input", input),
        numeric("output", output),
        { key: "cache", title: t("measure.cache"), end: true, sort: (r) => hits(r) ?? -1, show: (r) => percent(hits(r)) },
        money("saved", (r) => Number(r.saved_nano ?? 0)),
        books && money("margin", MEASURES.margin.value),
        { key: "ttft", title: t("measure.ttft"), end: true, sort: (r) => MEASURES.ttft.value(r) ?? -1, show: (r) => lasted(MEASURES.ttft.value(r)) },
        { key: "errors", title: t("measure.errors"), end: true, sort: (r) => r.error_rate ?? -1, show: (r) => percent(r.error_rate, 2) },
      ].filter(Boolean),
    });
  }

  const name = (row) => groupName(state.by, row.values[state.by], all.name);

  function drill(row) {
    const next = new URLSearchParams(query);
    next.set(state.by, row.values[state.by] ?? "");
    next.set("by", NEXT[state.by] ?? state.by);
    next.set("range", state.range);
    if (!NEXT[state.by]) {
      next.set("by", "project");
    }
    location.hash = `#/usage?${next}`;
  }

  function drawChips() {
    const chosen = Object.entries(filters());
    chips.hidden = chosen.length === 0;
    put(
      chips,
      h("span", { class: "muted small" }, t("usage.filtered")),
      chosen.map(([dimension, value]) =>
        h(
          "button",
          {
            type: "button",
            class: "small",
            "aria-label": t("usage.remove_filter", { filter: `${t(`dimension.${dimension}`)}: ${groupName(dimension, value, all.name)}` }),
            onclick: () => {
              const next = new URLSearchParams(query);
              next.delete(dimension);
              location.hash = `#/usage?${next}`;
            },
          },
          `${t(`dimension.${dimension}`)}: ${groupName(dimension, value, all.name)}`,
          icon("close")
        )
      ),
      chosen.length > 0 && h("a", { class: "small", href: `#/requests?${new URLSearchParams(filters())}` }, t("usage.see_requests"))
    );
  }

  const measures = () =>
    segments(
      t("usage.measure"),
      ["cost", "requests", "input", "output", "cache", "ttft"].map((k) => [k, t(`measure.${k}`)]),
      state.measure,
      (key) => {
        state.measure = key;
        page.keep({ measure: key });
        refresh();
      }
    );

  const by = field({ name: "by", type: "select", label: t("usage.by"), value: state.by, options: DIMENSIONS.map((d) => [d, t(`dimension.${d}`)]) });
  by.control.addEventListener("change", () => {
    state.by = by.get();
    page.keep({ by: state.by });
    refresh();
  });
  const own = query.get("from") && query.get("to");
  const range = h(
    "div",
    { class: "field fit" },
    h("span", { class: "label", "aria-hidden": "true" }, t("usage.range")),
    segments(t("usage.range"), RANGES.map(([k]) => [k, t(`range.${k}`)]), own ? null : state.range, (key) => {
      state.range = key;
      page.keep({ range: key, from: null, to: null });
      refresh();
    })
  );
  const from = field({ name: "from", type: "date", label: t("usage.from"), value: (query.get("from") ?? "").slice(0, 10) });
  const to = field({ name: "to", type: "date", label: t("usage.to"), value: (query.get("to") ?? "").slice(0, 10) });
  for (const one of [from, to]) {
    one.control.addEventListener("change", () => {
      if (from.get() && to.get() && from.get() < to.get()) {
        page.keep({ from: `${from.get()}T00:00:00Z`, to: `${to.get()}T00:00:00Z` });
        refresh();
      }
    });
  }
  const files = h("div", { class: "row" });
  function exports() {
    const b = bounds();
    put(
      files,
      [["csv", "CSV"], ["jsonl", "JSON Lines"], ["focus", "FOCUS"]].map(([format, name]) =>
        set(h("a", { class: "button", download: "", title: t(`usage.export_${format}`) }, icon("save"), name), { href: api.usage.file({ ...asked(b), format }) })
      )
    );
  }
  put(
    place,
    head(t("usage.title"), t("usage.text"), files),
    card(null, {}, h("div", { class: "filters" }, by.node, range, from.node, to.node), chips),
    result
  );
  await refresh();
}

function tile(name, value, full) {
  return h("div", { class: "card tile" }, h("div", { class: "name" }, name), h("div", { class: "value", title: full }, value));
}
