/* Names, immutable versions, roll-outs and what probes saw. */

import * as api from "../api.js";
import { meter } from "../chart.js";
import { h, put } from "../dom.js";
import { ago, count, day, lasted, percent, when } from "../format.js";
import { named, t } from "../i18n.js";
import { ask, badge, button, card, confirm, copier, dialog, empty, head, load, notice, tabs, toast } from "../ui.js";
import { table } from "../table.js";

const TONES = { active: "good", draft: "", deprecated: "warn", retired: "bad" };
const STATES = { running: "info", promoted: "good", rolled_back: "bad", draft: "" };
const MODES = ["canary", "shadow", "blue_green"];

export async function show(place, page) {
  const body = h("div");
  let versions = [];
  let aliases = [];
  let ending = [];
  const may = page.may("MODEL");
  const refresh = () =>
    load(body, async () => {
      const [v, a, r, e] = await Promise.all([
        api.all(api.models.versions),
        api.all(api.models.aliases),
        page.may("ROLLOUT", "READ") ? api.all(api.rollouts.list) : [],
        api.models.ending({ limit: 50 }).then((found) => found.data, () => []),
      ]);
      ending = e;
      versions = v;
      aliases = a;
      return tabs(
        t("models.title"),
        [
          ["names", t("models.names"), nameList],
          ["versions", t("models.versions"), versionList],
          ["rollouts", t("models.rollouts"), () => rolloutList(r)],
        ],
        page.query.get("tab"),
        (tab) => page.keep({ tab })
      );
    });

  const versionOptions = () => versions.filter((v) => v.lifecycle === "active" || v.lifecycle === "draft").map((v) => [v.id, v.id]);

  function nameList() {
    return card(
      t("models.names"),
      { flush: true, note: t("models.names_note"), actions: may && versions.length > 0 && button(t("models.add_name"), { symbol: "plus", onclick: () => point(null) }) },
      table({
        name: t("models.names"),
        rows: aliases,
        none: empty("models", t("models.no_names"), t("models.no_names_text")),
        sort: { key: "name", down: false },
        columns: [
          { key: "name", title: t("models.name"), first: true, sort: (a) => a.name, show: (a) => h("code", a.name) },
          { key: "target", title: t("models.answers"), show: (a) => (a.kind === "rollout" ? badge(t("models.in_rollout"), "info") : a.target ? h("code", a.target) : h("span", { class: "muted" }, t("models.nothing"))) },
          { key: "since", title: t("models.since"), show: (a) => h("span", { title: when(a.valid_from) }, ago(a.valid_from)) },
          { key: "by", title: t("models.by"), show: (a) => [a.by ?? "–", h("span", { class: "sub" }, a.reason)] },
          {
            key: "actions",
            title: t("actions"),
            actions: true,
            show: (a) => [
              button(t("models.history"), { small: true, plain: true, about: a.name, onclick: () => history(a) }),
              may && a.kind !== "rollout" && button(t("models.point"), { small: true, about: a.name, onclick: () => point(a) }),
              page.may("ROLLOUT") && a.kind === "version" && button(t("models.start"), { small: true, about: a.name, onclick: () => start(a) }),
            ],
          },
        ],
      })
    );
  }

  function history(a) {
    const list = h("div");
    dialog(t("models.history_of", { name: a.name }), (close) => ({ body: list, footer: [button(t("close"), { onclick: close })] }));
    load(list, async () => {
      const changes = (await api.models.history(a.name, { limit: 100, org: a.org })).data;
      return h(
        "ol",
        { class: "lines" },
        changes.map((c) => h("li", h("span", h("code", c.target ?? t("models.nothing")), h("span", { class: "sub" }, c.reason)), h("span", { class: "push muted small" }, `${when(c.valid_from)} · ${c.by}`)))
      );
    });
  }

  function point(a) {
    ask(a ? t("models.point_name", { name: a.name }) : t("models.add_name"), {
      intro: t("models.point_text"),
      fields: [
        !a && { name: "name", label: t("models.name"), required: true, placeholder: "deepseek-v4-flash" },
        { name: "version", label: t("dimension.version"), type: "select", value: a?.target, options: versionOptions() },
        { name: "reason", label: t("models.reason"), required: true, help: t("models.reason_help") },
      ].filter(Boolean),
      submit: t("save"),
      send: async (v, close) => {
        await api.models.point(a?.name ?? v.name, { version: v.version, reason: v.reason, org: a?.org ?? undefined });
        close();
        toast(t("saved"));
        refresh();
      },
    });
  }

  function versionList() {
    return h("div", { class: "stack" }, ending.length > 0 && endingList(), versionTable());
  }

  function endingList() {
    return notice(
      "warn",
      t("models.ending"),
      h(
        "ul",
        { class: "lines" },
        ending.slice(0, 20).map((u) => h("li", h("code", u.version), h("span", t("models.used_by", { project: u.project, requests: count(u.requests) })), h("span", { class: "push muted small" }, u.retires_at ? t("models.retires", { date: day(u.retires_at) }) : "", u.successor ? ` → ${u.successor}` : "")))
      )
    );
  }

  function versionTable() {
    return card(
      t("models.versions"),
      { flush: true, note: t("models.versions_note") },
      table({
        name: t("models.versions"),
        rows: versions,
        off: (v) => v.lifecycle === "retired",
        none: empty("models", t("models.no_versions"), t("models.no_versions_text")),
        columns: [
          { key: "id", title: t("dimension.version"), first: true, sort: (v) => v.id, show: (v) => [button(v.id, { link: true, onclick: () => openVersion(v) }), h("span", { class: "sub" }, named("model_kind", v.kind))] },
          { key: "state", title: t("models.lifecycle"), show: (v) => [badge(named("lifecycle", v.lifecycle), TONES[v.lifecycle] ?? ""), v.retires_at && h("span", { class: "sub" }, t("models.retires", { date: day(v.retires_at) }))] },
          { key: "backends", title: t("models.runs_on"), show: (v) => runsOn(v) },
          { key: "hash", title: t("models.hash"), show: (v) => h("code", { title: v.manifest_sha256 }, String(v.manifest_sha256 ?? "").slice(0, 12)) },
          { key: "created", title: t("created"), sort: (v) => v.created_at, show: (v) => h("span", { class: "nowrap" }, day(v.created_at)) },
          {
            key: "actions",
            title: t("actions"),
            actions: true,
            show: (v) =>
              may && [
                v.lifecycle === "draft" && button(t("models.activate"), { small: true, onclick: () => lifecycle(v, "active") }),
                v.lifecycle === "active" && button(t("models.deprecate"), { small: true, plain: true, onclick: () => deprecate(v) }),
                v.lifecycle === "deprecated" && button(t("models.retire"), { small: true, plain: true, danger: true, onclick: () => lifecycle(v, "retired") }),
              ],
          },
        ],
      })
    );
  }

  function runsOn(v) {
    if (v.kind !== "local") {
      return (v.backends ?? []).join(", ");
    }
    const places = [v.runs_here && t("models.here"), ...(v.engines ?? [])].filter(Boolean);
    return places.length > 0 ? places.join(", ") : h("span", { title: v.runs_not_here_because ?? "" }, badge(t("models.nowhere"), v.lifecycle === "active" ? "bad" : ""));
  }

  function features(v) {
    const all = v.supported_features ?? [];
    return all.length > 0 ? h("span", { class: "row marks" }, all.map((f) => badge(named("feature", f), "good", true))) : h("span", { class: "muted" }, t("models.not_probed"));
  }

  async function openVersion(listed) {
    const place = h("div", { class: "stack tight" });
    dialog(listed.id, (close) => ({ body: place, footer: [button(t("close"), { onclick: close })] }), { wide: true });
    await load(place, async () => {
      const v = await api.models.version(listed.id);
      const probes = h("div");
      load(probes, () => probeList(v));
      return [
        h(
          "dl",
          { class: "facts" },
          [
            [t("models.lifecycle"), named("lifecycle", v.lifecycle)],
            [t("models.names"), (v.aliases ?? []).join(", ")],
            [t("models.passed"), features(v)],
            [t("models.runs_on"), runsOn(v)],
            [t("models.not_here"), v.runs_not_here_because],
            [t("models.fingerprint"), v.system_fingerprint],
            [t("models.hash"), h("span", { class: "mono" }, v.manifest_sha256)],
            [t("models.promise"), promise(v.manifest?.slo)],
            [t("models.successor"), v.successor],
            [t("models.deprecated_at"), v.deprecated_at && when(v.deprecated_at)],
            [t("models.retires_at"), v.retires_at && when(v.retires_at)],
            [t("created"), `${when(v.created_at)} · ${v.created_by ?? ""}`],
          ].map(([k, value]) => value && [h("dt", k), h("dd", value)])
        ),
        h("div", { class: "row between" }, h("h3", t("models.probes")), may && button(t("models.probe"), { small: true, symbol: "refresh", onclick: () => probe(v, probes) })),
        probes,
        v.manifest &&
          h(
            "details",
            h("summary", t("models.manifest")),
            h("pre", { class: "box", tabindex: "0", role: "region", "aria-label": t("models.manifest") }, JSON.stringify(v.manifest, null, 2)),
            copier(() => JSON.stringify(v.manifest))
          ),
      ];
    });
  }

  function promise(slo) {
    return slo
      ? [
          slo.ttft_ms && t("models.promise_first", { time: lasted(slo.ttft_ms) }),
          slo.ttft_ms_per_1k && t("models.promise_per_1k", { time: lasted(slo.ttft_ms_per_1k) }),
          slo.tpot_ms && t("models.promise_token", { time: lasted(slo.tpot_ms) }),
        ].filter(Boolean).join("; ")
      : null;
  }

  async function probeList(v) {
    const found = await api.models.probes(v.id);
    const rows = found.data;
    const tones = { passed: "good", failed: "bad", skipped: "" };
    const state = found.state === "running" ? notice("info", t("models.probing")) : found.state === "failed" ? notice("warn", t("models.probe_failed"), found.problem) : null;
    const list = table({
      name: t("models.probes"),
      rows,
      none: h("p", { class: "muted" }, t("models.no_probes")),
      columns: [
        { key: "feature", title: t("models.feature"), first: true, sort: (p) => p.feature, show: (p) => named("feature", p.feature) },
        { key: "outcome", title: t("dimension.outcome"), show: (p) => badge(named("probe", p.outcome), tones[p.outcome] ?? "") },
        { key: "detail", title: t("models.detail"), show: (p) => p.detail },
        { key: "time", title: t("models.took"), end: true, show: (p) => lasted(p.millis) },
      ],
    });
    return [state, list];
  }

  function probe(v, place) {
    ask(t("models.probe"), {
      intro: t("models.probe_text"),
      fields: [
        { name: "url", label: t("models.probe_url"), required: true, value: new URL("..", document.baseURI).href.replace(/\/$/, ""), help: t("models.probe_url_help") },
        { name: "key", type: "password", label: t("clients.key"), optional: true, help: t("models.probe_key_help") },
        { name: "model", label: t("models.probe_model"), optional: true, help: t("models.probe_model_help") },
      ],
      submit: t("models.probe"),
      send: async ({ url, key, model }, close) => {
        await api.models.probe(v.id, { url, key: key || null, model: model || null });
        close();
        toast(t("models.probe_started"));
        load(place, () => probeList(v));
      },
    });
  }

  function lifecycle(v, to) {
    confirm(t(`models.to_${to}`, { version: v.id }), t(`models.to_${to}_text`), {
      action: t(to === "active" ? "models.activate" : "models.retire"),
      word: to === "retired" ? v.id : null,
      run: async () => {
        await (to === "active" ? api.models.activate(v.id) : api.models.retire(v.id));
        toast(t("saved"));
        refresh();
      },
    });
  }

  function deprecate(v) {
    ask(t("models.deprecate_title", { version: v.id }), {
      intro: t("models.deprecate_text"),
      fields: [
        { name: "retires_at", label: t("models.retires_at"), type: "date", required: true },
        { name: "successor", label: t("models.successor"), type: "select", options: [["", t("none")], ...versions.filter((o) => o.id !== v.id && o.lifecycle === "active").map((o) => [o.id, o.id])] },
      ],
      submit: t("models.deprecate"),
      send: async ({ retires_at: date, successor }, close) => {
        await api.models.deprecate(v.id, { retires_at: `${date}T00:00:00Z`, successor: successor || null });
        close();
        toast(t("saved"));
        refresh();
      },
    });
  }

  function start(a) {
    ask(t("models.start_name", { name: a.name }), {
      intro: t("models.start_text"),
      wide: true,
      fields: [
        { name: "candidate", label: t("models.candidate"), type: "select", options: versionOptions().filter(([id]) => id !== a.target), required: true },
        { name: "mode", label: t("models.mode"), type: "select", options: MODES.map((m) => [m, named("mode", m)]), help: t("models.mode_help") },
        { name: "percent", label: t("models.percent"), type: "number", value: "5", help: t("models.percent_help"), more: { min: 0, max: 100 }, check: (v) => (Number(v) >= 0 && Number(v) <= 100 ? null : t("models.percent_wrong")) },
        { name: "stickiness", label: t("models.sticky"), type: "select", options: ["session", "project", "key"].map((s) => [s, named("sticky", s)]), help: t("models.sticky_help") },
        { name: "now", label: t("models.at_once"), type: "check", value: true, help: t("models.at_once_help") },
      ],
      submit: t("models.start"),
      send: async (v, close) => {
        const draft = await api.rollouts.add({ alias: a.name, org: a.org ?? undefined, candidate: v.candidate, mode: v.mode, percent: v.mode === "blue_green" ? 0 : Number(v.percent), stickiness: v.stickiness });
        if (v.now) {
          await api.rollouts.step(draft.id, "start", {});
        }
        close();
        toast(t("created_done"));
        refresh();
      },
    });
  }

  function rolloutList(rows) {
    if (rows.length === 0) {
      return card(null, {}, empty("models", t("models.no_rollouts"), t("models.no_rollouts_text")));
    }
    return h("div", { class: "stack" }, rows.map(rollout));
  }

  function rollout(r) {
    const running = r.state === "running" || r.state === "draft";
    const can = page.may("ROLLOUT") && running;
    return card(
      `${r.alias}`,
      {
        actions: [
          badge(named("rollout", r.state), STATES[r.state] ?? ""),
          r.state === "running" && page.may("ROLLOUT") && r.mode !== "shadow" && button(t("models.other_percent"), { small: true, onclick: () => share(r) }),
          can && r.state === "draft" && button(t("models.run"), { small: true, first: true, onclick: () => step(r, "start") }),
          can && r.state === "running" && button(t("models.promote"), { small: true, onclick: () => move(r, "promote") }),
          can && button(t("models.roll_back"), { small: true, danger: true, onclick: () => move(r, "rollback") }),
        ],
      },
      h(
        "div",
        { class: "stack tight" },
        h("p", h("b", named("mode", r.mode)), `: ${t("models.share_of", { percent: r.percent, sticky: named("sticky", r.stickiness) })}`),
        h(
          "div",
          { class: "versus" },
          h("div", h("span", { class: "muted small" }, t("models.baseline")), h("code", r.baseline)),
          meter(Number(r.percent) / 100, { label: t("models.share_label", { percent: r.percent }) }),
          h("div", h("span", { class: "muted small" }, t("models.candidate")), h("code", r.candidate))
        ),
        guards(r),
        more(r)
      )
    );
  }

  function guards(r) {
    if ((r.guards ?? []).length === 0) {
      return null;
    }
    return h(
      "details",
      h("summary", t("models.guards")),
      h(
        "ul",
        { class: "lines" },
        r.guards.map((g) =>
          h(
            "li",
            h("b", named("guard", g.metric)),
            h("span", { class: "muted" }, /_p95$/.test(g.metric) ? t("models.at_most_times", { factor: g.tolerance }) : t("models.at_most_more", { share: percent(g.tolerance, 1) })),
            h("span", { class: "push muted small" }, t("models.after", { count: count(g.minimum) }))
          )
        )
      )
    );
  }

  /* Events and comparisons are asked for when somebody wants to see them. */
  function more(r) {
    const place = h("div", { class: "stack tight" });
    const node = h("details", h("summary", t("models.events")), place);
    node.addEventListener("toggle", () => {
      if (node.open) {
        load(place, async () => {
          const full = await api.rollouts.one(r.id);
          const c = full.comparison;
          return [
            full.observed && h("p", { class: "small muted" }, t("models.observed", { baseline: count(full.observed.baseline), candidate: count(full.observed.candidate) })),
            c?.compared > 0 && h("p", { class: "small muted" }, t("models.compared", { compared: count(c.compared), text: percent(c.same_text / c.compared, 0), calls: percent(c.same_calls / c.compared, 0) })),
            h("ol", { class: "lines" }, (full.events ?? []).map((e) => h("li", badge(named("rollout_event", e.kind), e.kind === "rolled_back" ? "bad" : "", true), h("span", e.detail, h("span", { class: "sub" }, e.actor)), h("span", { class: "push muted small" }, when(e.at))))),
          ];
        });
      }
    });
    return node;
  }

  function share(r) {
    ask(t("models.other_percent"), {
      intro: t("models.percent_help"),
      fields: [{ name: "percent", label: t("models.percent"), type: "number", required: true, value: String(r.percent), more: { min: 0, max: 100 } }],
      submit: t("save"),
      send: async ({ percent: value }, close) => {
        await api.rollouts.step(r.id, "percent", { percent: Number(value) });
        close();
        toast(t("saved"));
        refresh();
      },
    });
  }

  function move(r, what) {
    confirm(t(`models.${what}_title`, { candidate: r.candidate }), t(`models.${what}_text`, { name: r.alias, version: what === "promote" ? r.candidate : r.baseline }), {
      action: t(what === "promote" ? "models.promote" : "models.roll_back"),
      run: () => step(r, what),
    });
  }

  async function step(r, what) {
    await api.rollouts.step(r.id, what, {});
    toast(t("saved"));
    refresh();
  }

  put(place, head(t("models.title"), t("models.text")), body);
  await refresh();
}
