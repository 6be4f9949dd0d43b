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

export async function show(place, page) {
  const body = h("div");
  let all = null;
  let keys = [];
  const refresh = () =>
    load(body, async () => {
      const [names, budgets, limits, alerts] = await Promise.all([tree(), api.all(api.budgets.list), api.all(api.limits.list), api.alerts.list({ limit: 50 })]);
      all = names;
      keys = page.may("KEY", "READ") ? await api.all(api.keys.list) : [];
      return tabs(
        t("budgets.title"),
        [
          ["budgets", t("budgets.budgets"), () => budgetList(budgets)],
          ["limits", t("budgets.limits"), () => limitList(limits)],
          ["whatif", t("budgets.what_if"), whatIf],
          ["alerts", t("budgets.alerts"), () => alertList(alerts.data, budgets)],
        ],
        page.query.get("tab"),
        (tab) => page.keep({ tab })
      );
    });

  const where = (row) => row.scope_name ?? (row.scope_id === "*" ? t("people.everywhere") : keyName(row.scope_id) ?? all.name(row.scope_id));
  const keyName = (id) => keys.find((k) => k.id === id)?.name;
  const scopes = () => [
    ...all.scopeOptions(),
    ...keys.filter((k) => !k.revoked_at).map((k) => [`key:${k.id}`, `${t("scope.key")}: ${k.name}`]),
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
          { key: "name", title: t("name"), first: true, sort: (b) => b.name, show: (b) => [b.name, h("span", { class: "sub" }, named("scope", b.scope), ": ", where(b))] },
          { key: "window", title: t("budgets.window"), show: (b) => [named("window", b.window), h("span", { class: "sub" }, b.zone ?? b.time_zone ?? "")] },
          { key: "used", title: t("budgets.used"), sort: (b) => used(b), show: state },
          { key: "left", title: t("budgets.left"), end: true, sort: (b) => left(b), show: (b) => h("span", { title: exact(left(b)) }, usd(left(b))) },
          { key: "limit", title: t("budgets.limit"), end: true, sort: (b) => Number(b.limit_nano), show: (b) => usd(b.limit_nano) },
          { key: "action", title: t("budgets.then"), show: (b) => [named("action", b.action), b.downgrade_to && h("span", { class: "sub" }, b.downgrade_to)] },
          {
            key: "actions",
            title: t("actions"),
            actions: true,
            show: (b) => page.may("BUDGET") && button(t("delete"), { small: true, plain: true, danger: true, label: t("budgets.delete", { name: b.name }), onclick: () => dropBudget(b) }),
          },
        ],
      })
    );
  }

  const spent = (b) => Number(b.settled_nano ?? b.spent_nano ?? 0);
  const held = (b) => Number(b.held_nano ?? 0);
  const used = (b) => (Number(b.limit_nano) > 0 ? (spent(b) + held(b)) / Number(b.limit_nano) : 0);
  const left = (b) => Number(b.remaining_nano ?? Number(b.limit_nano) - spent(b) - held(b));

  function state(b) {
    const share = used(b);
    const soft = Math.min(...(b.soft_percents ?? [80]), 100) / 100;
    return h(
      "div",
      { class: "used" },
      meter(spent(b) / Math.max(1, Number(b.limit_nano)), {
        held: held(b) / Math.max(1, Number(b.limit_nano)),
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
          scope: type,
          scope_id: id,
          window: v.window,
          zone: v.zone,
          limit_nano: nano(v.limit),
          soft_percents: v.soft.split(/[\s,]+/).filter(Boolean).map(Number),
          action: v.action,
          downgrade_to: v.downgrade_to || null,
          carry_over: v.carry_over,
        });
        close();
        toast(t("created_done"));
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
          { key: "scope", title: t("budgets.for"), first: true, sort: (l) => where(l), show: (l) => [where(l), h("span", { class: "sub" }, named("scope", l.scope))] },
          { key: "dimension", title: t("budgets.what"), show: (l) => [named("limit", l.dimension), h("span", { class: "sub mono" }, l.dimension)] },
          { key: "amount", title: t("budgets.most"), end: true, sort: (l) => Number(l.amount), show: (l) => count(l.amount) },
          { key: "model", title: t("budgets.model"), show: (l) => (l.model ? h("code", l.model) : t("keys.all_models")) },
          { key: "created", title: t("created"), show: (l) => h("span", { title: when(l.created_at) }, ago(l.created_at)) },
          {
            key: "actions",
            title: t("actions"),
            actions: true,
            show: (l) => page.may("LIMIT") && button(t("delete"), { small: true, plain: true, danger: true, label: t("budgets.delete", { name: named("limit", l.dimension) }), onclick: () => dropLimit(l) }),
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
      ],
      submit: t("create"),
      send: async (v, close) => {
        const { type, id } = scopeOf(v.scope);
        await api.limits.add({ scope: type, scope_id: id, dimension: v.dimension, amount: Number(v.amount), model: v.model || null });
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
        { name: "key_id", label: t("dimension.key"), type: "select", required: true, options: keys.filter((k) => !k.revoked_at).map((k) => [k.id, `${k.name} · ${all.name(k.project_id)}`]) },
        { name: "model", label: t("dimension.alias"), required: true, placeholder: "deepseek-v4-flash" },
        { name: "prompt_tokens", label: t("budgets.prompt"), type: "number", value: "2000", more: { min: 0 } },
        { name: "max_tokens", label: t("budgets.answer"), type: "number", value: "1000", more: { min: 1 } },
        { name: "requests", label: t("budgets.how_many"), type: "number", value: "1", help: t("budgets.how_many_help"), more: { min: 1 } },
      ],
      submit: t("budgets.check"),
      send: async (v) => {
        const result = await api.limits.whatIf({
          key_id: v.key_id,
          model: v.model,
          prompt_tokens: Number(v.prompt_tokens),
          max_tokens: Number(v.max_tokens),
          requests: Number(v.requests),
        });
        put(answer, verdict(result));
      },
    });
    return card(
      t("budgets.what_if"),
      { note: t("budgets.what_if_text") },
      keys.length === 0 ? empty("keys", t("keys.none"), t("budgets.what_if_key")) : h("div", { class: "stack" }, made.node, answer)
    );
  }

  function verdict(r) {
    const checks = r.checks ?? r.data ?? [];
    const passes = r.allowed ?? r.admitted ?? checks.every((c) => !blocks(c));
    return h(
      "div",
      { class: "stack" },
      passes
        ? notice("good", t("budgets.passes"), r.hold_nano !== undefined && t("budgets.hold", { cost: usd(r.hold_nano) }))
        : notice("bad", t("budgets.blocks"), r.message ?? r.reason, r.retry_after_ms > 0 && t("budgets.retry", { seconds: Math.ceil(r.retry_after_ms / 1000) })),
      checks.length > 0 &&
        table({
          name: t("budgets.what_if"),
          rows: checks,
          columns: [
            { key: "what", title: t("budgets.rule"), first: true, show: (c) => [c.name ?? named("limit", c.dimension ?? c.kind), h("span", { class: "sub" }, named("scope", c.scope), ": ", where(c))] },
            { key: "verdict", title: t("budgets.verdict"), show: (c) => (blocks(c) ? badge(t("budgets.would_block"), "bad") : badge(t("budgets.would_pass"), "good")) },
            { key: "need", title: t("budgets.needs"), end: true, show: (c) => amount(c, c.needed_nano ?? c.needed ?? c.asked) },
            { key: "left", title: t("budgets.left"), end: true, show: (c) => amount(c, c.remaining_nano ?? c.remaining ?? c.left) },
          ],
        })
    );
  }

  const blocks = (c) => c.blocks ?? c.passes === false;
  const amount = (c, v) => (c.needed_nano !== undefined || c.kind === "budget" || c.kind === "balance" ? usd(v) : count(v));

  function alertList(rows, budgets) {
    return card(
      t("budgets.alerts"),
      { flush: true, note: t("budgets.alerts_note") },
      table({
        name: t("budgets.alerts"),
        rows,
        none: empty("check", t("budgets.no_alerts"), t("budgets.no_alerts_text")),
        columns: [
          { key: "budget", title: t("budgets.budget"), first: true, show: (a) => a.budget_name ?? budgets.find((b) => b.id === a.budget_id)?.name ?? a.budget_id },
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
