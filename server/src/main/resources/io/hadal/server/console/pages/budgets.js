/* Budgets in money, limits of requests and tokens, and the question which of them would block. */

import * as api from "../api.js";
import { meter } from "../chart.js";
import { h, put } from "../dom.js";
import { ago, count, exact, nano, percent, usd, when } from "../format.js";
import { named, t } from "../i18n.js";
import { ask, badge, button, card, confirm, empty, form, head, load, notice, tabs, toast } from "../ui.js";
import { table } from "../table.js";
import { scopeOf, tree } from "../tenancy.js";

const WINDOWS = ["day", "week", "month", "total"];
const ACTIONS = ["block", "alert", "downgrade"];
const DIMENSIONS = ["rpm", "tpm_total", "tpm_in_uncached", "tpm_out", "concurrency", "rpd", "tpd"];

/* What of a limit seldom needs to be said: for a dimension, or for any that may be chosen yet. */
const details = (dimension, l) =>
  [
    { name: "burst", label: t("budgets.burst"), type: "number", optional: true, value: l ? String(l.burst) : "", more: { min: 1, step: 1 }, help: t("budgets.burst_help"), check: (v) => (v === "" || /^[1-9]\d{0,14}$/.test(v) ? null : t("budgets.number_wrong")), only: /^rpm|^tpm/ },
    { name: "cached", label: t("budgets.cached"), optional: true, value: l ? String(l.cache_weight) : "", placeholder: "0", help: t("budgets.cached_help"), check: (v) => (v === "" || /^(0|1|0?\.\d{1,3}|[01]\.0{1,3})$/.test(v) ? null : t("budgets.cached_wrong")), only: /^tp/ },
  ].filter((field) => !dimension || field.only.test(dimension));

/* Only what was changed is sent: a burst that follows the amount goes on following it. */
const detailed = (v, l) => ({
  ...(v.burst && v.burst !== String(l?.burst) ? { burst: Number(v.burst) } : {}),
  ...(v.cached && v.cached !== String(l?.cache_weight) ? { cache_weight: Number(v.cached) } : {}),
});

export async function show(place, page) {
  const body = h("div");
  let all = null;
  let keys = [];
  let models = [];
  let stated = [];
  const refresh = () =>
    load(body, async () => {
      const [names, budgets, limits, alerts, aliases] = await Promise.all([
        tree(true),
        api.all(api.budgets.list),
        api.all(api.limits.list),
        api.alerts.list({ limit: 50 }),
        api.models.aliases({ limit: 50 }).then((a) => a.data, () => []),
      ]);
      all = names;
      models = aliases.map((a) => a.name);
      keys = all.keys.filter((k) => k.state === "active");
      stated = await Promise.all(budgets.map(withState));
      return tabs(
        t("budgets.title"),
        [
          ["budgets", t("budgets.budgets"), () => budgetList(stated)],
          ["limits", t("budgets.limits"), () => limitList(limits)],
          ["whatif", t("budgets.what_if"), whatIf],
          ["alerts", t("budgets.alerts"), () => alertList(alerts.data)],
        ],
        page.query.get("tab"),
        (tab) => page.keep({ tab })
      );
    });

  /* A budget for each of a scope has a state for each; the fullest one is shown. */
  async function withState(budget) {
    const states = await api.budgets.state(budget.id).then((a) => a.data, () => []);
    const spent = (s) => Number(s.settled_nano) + Number(s.held_nano);
    const state = states.sort((a, b) => spent(b) - spent(a))[0];
    // What was spent before is counted with the first request that meets the budget.
    const untouched = { settled_nano: 0, held_nano: 0, limit_nano: budget.limit_nano, remaining_nano: budget.limit_nano, carried_over_nano: 0 };
    return { ...budget, touched: state !== undefined, state: state ?? untouched };
  }

  const where = (row) => (row.scope_id.endsWith("*") ? t("budgets.each", { scope: named("scope", row.scope_type) }) : all.name(row.scope_id));
  const scopes = () => [
    ...all.scopeOptions(),
    ...["team", "project", "key", "end_user"].map((s) => [`${s}:*`, t("budgets.each", { scope: named("scope", s) })]),
    ...keys.map((k) => [`key:${k.id}`, `${t("scope.key")}: ${k.name}`]),
  ];

  function budgetList(rows) {
    const add = page.may("BUDGET") && button(t("budgets.add"), { first: true, symbol: "plus", onclick: addBudget });
    return card(
      t("budgets.budgets"),
      { flush: true, note: t("budgets.note"), actions: rows.length > 0 && add },
      table({
        name: t("budgets.budgets"),
        rows,
        none: empty("budgets", t("budgets.none"), t("budgets.none_text"), add),
        sort: { key: "used", down: true },
        columns: [
          { key: "name", title: t("name"), first: true, sort: (b) => b.name, show: (b) => [b.name, h("span", { class: "sub" }, named("scope", b.scope_type), ": ", where(b))] },
          { key: "window", title: t("budgets.window"), show: (b) => [named("window", b.window), h("span", { class: "sub" }, b.zone)] },
          { key: "used", title: t("budgets.used"), sort: (b) => used(b), show: (b) => (b.touched ? state(b) : h("span", { class: "muted" }, t("budgets.untouched"))) },
          { key: "left", title: t("budgets.left"), end: true, sort: (b) => left(b), show: (b) => (b.touched ? h("span", { title: exact(left(b)) }, usd(left(b))) : "–") },
          { key: "limit", title: t("budgets.limit"), end: true, sort: (b) => Number(b.limit_nano), show: (b) => usd(b.limit_nano) },
          { key: "action", title: t("budgets.then"), show: (b) => [named("action", b.action), b.downgrade_to && h("span", { class: "sub" }, b.downgrade_to)] },
          {
            key: "actions",
            title: t("actions"),
            actions: true,
            show: (b) =>
              page.may("BUDGET") && [
                button(t("change"), { small: true, about: b.name, onclick: () => changeBudget(b) }),
                button(t("delete"), { small: true, plain: true, danger: true, about: b.name, onclick: () => dropBudget(b) }),
              ],
          },
        ],
      })
    );
  }

  const spent = (b) => Number(b.state.settled_nano);
  const held = (b) => Number(b.state.held_nano);
  const whole = (b) => Math.max(1, Number(b.limit_nano) + Number(b.state.carried_over_nano));
  const used = (b) => (spent(b) + held(b)) / whole(b);
  const left = (b) => Number(b.state.remaining_nano);

  function state(b) {
    const share = used(b);
    const soft = Math.min(...b.soft_percents, 100) / 100;
    return h(
      "div",
      { class: "used" },
      meter(spent(b) / whole(b), {
        held: held(b) / whole(b),
        tone: share >= 0.999 ? "bad" : share >= soft ? "warn" : "",
        label: t("budgets.used_label", { share: percent(share), spent: usd(spent(b)), held: usd(held(b)) }),
      }),
      h("span", { class: "sub" }, t("budgets.used_text", { share: percent(share), held: usd(held(b)) }))
    );
  }

  function addBudget() {
    ask(t("budgets.add"), {
      intro: t("budgets.add_text"),
      wide: true,
      fields: [
        { name: "name", label: t("name"), required: true, placeholder: t("budgets.example") },
        { name: "scope", label: t("budgets.for"), type: "select", options: scopes() },
        { name: "limit", label: t("budgets.limit_usd"), required: true, placeholder: "250.00", help: t("budgets.limit_help"), check: (v) => (nano(v) === null ? t("budgets.amount_wrong") : null) },
        { name: "window", label: t("budgets.window"), type: "select", value: "month", options: WINDOWS.map((w) => [w, named("window", w)]) },
        { name: "zone", label: t("budgets.zone"), value: Intl.DateTimeFormat().resolvedOptions().timeZone, help: t("budgets.zone_help") },
        { name: "action", label: t("budgets.then"), type: "select", options: ACTIONS.map((a) => [a, named("action", a)]), help: t("budgets.action_help") },
        { name: "downgrade_to", label: t("budgets.downgrade_to"), optional: true, help: t("budgets.downgrade_help") },
        { name: "soft", label: t("budgets.soft"), value: "80, 95", help: t("budgets.soft_help"), check: (v) => (/^[\d\s,]*$/.test(v) ? null : t("budgets.soft_wrong")) },
        { name: "carry_over", label: t("budgets.carry_over"), type: "check", help: t("budgets.carry_help") },
      ],
      submit: t("create"),
      send: async (v, close) => {
        const { type, id } = scopeOf(v.scope);
        await api.budgets.add({
          name: v.name,
          scope_type: type,
          scope_id: id,
          window: v.window,
          zone: v.zone,
          limit_nano: nano(v.limit),
          soft_percents: v.soft.split(/[\s,]+/).filter(Boolean).map(Number),
          action: v.action,
          downgrade_to: v.action === "downgrade" ? v.downgrade_to : null,
          carry_over: v.carry_over,
        });
        close();
        toast(t("created_done"));
        refresh();
      },
    });
  }

  function changeBudget(b) {
    ask(t("budgets.change", { name: b.name }), {
      intro: t("budgets.change_text"),
      fields: [
        { name: "name", label: t("name"), required: true, value: b.name },
        { name: "limit", label: t("budgets.limit_usd"), required: true, value: b.limit_usd, help: t("budgets.limit_help"), check: (v) => (nano(v) === null ? t("budgets.amount_wrong") : null) },
        { name: "action", label: t("budgets.then"), type: "select", value: b.action, options: ACTIONS.map((a) => [a, named("action", a)]), help: t("budgets.action_help") },
        { name: "downgrade_to", label: t("budgets.downgrade_to"), optional: true, value: b.downgrade_to ?? "", help: t("budgets.downgrade_help") },
        { name: "soft", label: t("budgets.soft"), value: b.soft_percents.join(", "), help: t("budgets.soft_help"), check: (v) => (/^[\d\s,]*$/.test(v) ? null : t("budgets.soft_wrong")) },
      ],
      submit: t("save"),
      send: async (v, close) => {
        await api.budgets.change(b.id, {
          name: v.name,
          limit_nano: nano(v.limit),
          soft_percents: v.soft.split(/[\s,]+/).filter(Boolean).map(Number),
          action: v.action,
          downgrade_to: v.action === "downgrade" ? v.downgrade_to : null,
        });
        close();
        toast(t("saved"));
        refresh();
      },
    });
  }

  function changeLimit(l) {
    ask(t("budgets.change", { name: named("limit", l.dimension) }), {
      fields: [
        { name: "amount", label: t("budgets.most"), type: "number", required: true, value: String(l.amount), more: { min: 1, step: 1 }, check: (v) => (/^[1-9]\d{0,14}$/.test(v) ? null : t("budgets.number_wrong")) },
        ...details(l.dimension, l),
      ],
      submit: t("save"),
      send: async (v, close) => {
        await api.limits.change(l.id, { amount: Number(v.amount), ...detailed(v, l) });
        close();
        toast(t("saved"));
        refresh();
      },
    });
  }

  function dropBudget(b) {
    confirm(t("budgets.delete", { name: b.name }), t("budgets.delete_text"), {
      action: t("delete"),
      run: async () => {
        await api.budgets.remove(b.id);
        toast(t("deleted"));
        refresh();
      },
    });
  }

  function limitList(rows) {
    const add = page.may("LIMIT") && button(t("budgets.add_limit"), { first: true, symbol: "plus", onclick: addLimit });
    return card(
      t("budgets.limits"),
      { flush: true, note: t("budgets.limits_note"), actions: rows.length > 0 && add },
      table({
        name: t("budgets.limits"),
        rows,
        none: empty("budgets", t("budgets.no_limits"), t("budgets.no_limits_text"), add),
        columns: [
          { key: "scope", title: t("budgets.for"), first: true, sort: (l) => where(l), show: (l) => [where(l), h("span", { class: "sub" }, named("scope", l.scope_type))] },
          { key: "dimension", title: t("budgets.what"), show: (l) => [named("limit", l.dimension), h("span", { class: "sub mono" }, l.dimension)] },
          { key: "amount", title: t("budgets.most"), end: true, sort: (l) => Number(l.amount), show: (l) => count(l.amount) },
          { key: "model", title: t("budgets.model"), show: (l) => (l.model ? h("code", l.model) : t("keys.all_models")) },
          { key: "created", title: t("created"), show: (l) => h("span", { title: when(l.created_at) }, ago(l.created_at)) },
          {
            key: "actions",
            title: t("actions"),
            actions: true,
            show: (l) =>
              page.may("LIMIT") && [
                button(t("change"), { small: true, about: `${named("limit", l.dimension)}, ${where(l)}`, onclick: () => changeLimit(l) }),
                button(t("delete"), { small: true, plain: true, danger: true, about: `${named("limit", l.dimension)}, ${where(l)}`, onclick: () => dropLimit(l) }),
              ],
          },
        ],
      })
    );
  }

  function addLimit() {
    ask(t("budgets.add_limit"), {
      intro: t("budgets.add_limit_text"),
      fields: [
        { name: "scope", label: t("budgets.for"), type: "select", options: scopes() },
        { name: "dimension", label: t("budgets.what"), type: "select", options: DIMENSIONS.map((d) => [d, named("limit", d)]) },
        { name: "amount", label: t("budgets.most"), type: "number", required: true, more: { min: 1, step: 1 }, check: (v) => (/^[1-9]\d{0,14}$/.test(v) ? null : t("budgets.number_wrong")) },
        { name: "model", label: t("budgets.model"), optional: true, placeholder: "deepseek-v4-*", help: t("budgets.model_help") },
        ...details(),
      ],
      submit: t("create"),
      send: async (v, close) => {
        const { type, id } = scopeOf(v.scope);
        await api.limits.add({ scope_type: type, scope_id: id, dimension: v.dimension, amount: Number(v.amount), model: v.model || null, ...detailed(v) });
        close();
        toast(t("created_done"));
        refresh();
      },
    });
  }

  function dropLimit(l) {
    confirm(t("budgets.delete", { name: named("limit", l.dimension) }), t("budgets.delete_limit_text"), {
      action: t("delete"),
      run: async () => {
        await api.limits.remove(l.id);
        toast(t("deleted"));
        refresh();
      },
    });
  }

  function whatIf() {
    const answer = h("div", { "aria-live": "polite" });
    const made = form({
      fields: [
        { name: "key_id", label: t("dimension.key"), type: "select", required: true, options: keys.map((k) => [k.id, `${k.name} · ${all.name(k.project)}`]) },
        { name: "model", label: t("dimension.alias"), required: true, value: models[0] ?? "", placeholder: "deepseek-v4-flash" },
        { name: "tokens", label: t("budgets.tokens"), type: "number", value: "3000", help: t("budgets.tokens_help"), more: { min: 1 } },
      ],
      submit: t("budgets.check"),
      send: async (v) => {
        const result = await api.limits.check({ key_id: v.key_id, model: v.model, tokens: Number(v.tokens) });
        const key = keys.find((k) => k.id === v.key_id);
        const places = [key.id, key.project, key.team, key.org];
        const budgets = stated.filter((b) => places.includes(b.scope_id));
        put(answer, verdict(result, budgets));
      },
    });
    return card(
      t("budgets.what_if"),
      { note: t("budgets.what_if_text") },
      keys.length === 0 ? empty("keys", t("keys.none"), t("budgets.what_if_key")) : h("div", { class: "stack" }, made.node, answer)
    );
  }

  function verdict(result, budgets) {
    const rows = [
      ...result.data.map((c) => ({
        name: named("limit", c.dimension),
        scope: `${named("scope", c.scope_type)}: ${all.name(c.subject)}`,
        blocks: c.blocks,
        left: count(c.left),
        most: count(c.amount),
        again: c.blocks && c.reset_ms > 0 ? Math.ceil(c.reset_ms / 1000) : null,
      })),
      ...budgets.map((b) => ({
        name: b.name,
        scope: `${named("scope", b.scope_type)}: ${where(b)}`,
        blocks: left(b) <= 0 && b.action === "block",
        left: b.touched ? usd(left(b)) : t("budgets.untouched"),
        most: usd(b.limit_nano),
        again: null,
      })),
    ];
    const blocking = rows.filter((r) => r.blocks);
    const wait = Math.max(0, ...blocking.map((r) => r.again ?? 0));
    return h(
      "div",
      { class: "stack" },
      blocking.length === 0
        ? notice("good", t("budgets.passes"))
        : notice("bad", t("budgets.blocks"), t("budgets.blocked_by", { names: blocking.map((r) => `${r.name} (${r.scope})`).join(", ") }), wait > 0 && t("budgets.retry", { seconds: wait })),
      rows.length > 0 &&
        table({
          name: t("budgets.what_if"),
          rows,
          columns: [
            { key: "what", title: t("budgets.rule"), first: true, show: (r) => [r.name, h("span", { class: "sub" }, r.scope)] },
            { key: "verdict", title: t("budgets.verdict"), show: (r) => (r.blocks ? badge(t("budgets.would_block"), "bad") : badge(t("budgets.would_pass"), "good")) },
            { key: "left", title: t("budgets.left"), end: true, show: (r) => r.left },
            { key: "most", title: t("budgets.most"), end: true, show: (r) => r.most },
          ],
        })
    );
  }

  function alertList(rows) {
    return card(
      t("budgets.alerts"),
      { flush: true, note: t("budgets.alerts_note") },
      table({
        name: t("budgets.alerts"),
        rows,
        none: empty("check", t("budgets.no_alerts"), t("budgets.no_alerts_text")),
        columns: [
          { key: "budget", title: t("budgets.budget"), first: true, show: (a) => [a.budget_name, h("span", { class: "sub" }, named("scope", a.scope_type), ": ", all.name(a.subject))] },
          { key: "percent", title: t("budgets.reached"), show: (a) => badge(`${a.percent}%`, a.percent >= 100 ? "bad" : "warn") },
          { key: "spent", title: t("budgets.spent"), end: true, show: (a) => `${usd(a.settled_nano)} / ${usd(a.limit_nano)}` },
          { key: "time", title: t("requests.time"), show: (a) => when(a.raised_at) },
        ],
      })
    );
  }

  put(place, head(t("budgets.title"), t("budgets.text")), body);
  await refresh();
}
