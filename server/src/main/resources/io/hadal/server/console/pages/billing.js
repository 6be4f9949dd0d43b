/* Prepaid balances, prices and the ledger with its verifier. */

import * as api from "../api.js";
import { h, put } from "../dom.js";
import { count, exact, nano, usd, when } from "../format.js";
import { named, t } from "../i18n.js";
import { ask, badge, button, card, empty, head, load, notice, tabs, toast } from "../ui.js";
import { reconciliation } from "../reconcile.js";
import { pages, table } from "../table.js";
import { tree } from "../tenancy.js";

/* Prices are pico-USD a token; people read USD a million tokens, which is the same figure / 10^6. */
const PRICES = ["input", "cache_read", "cache_write", "output", "reasoning"];

export async function show(place, page) {
  const all = await tree();
  const body = h("div");
  const refresh = () =>
    load(body, async () =>
      tabs(
        t("billing.title"),
        [
          ["balances", t("billing.balances"), () => later(balances)],
          ["prices", t("billing.prices"), () => later(priceList)],
          ["ledger", t("billing.ledger"), () => later(ledger)],
          ["reconcile", t("reconcile.title"), () => later(reconciliation)],
        ],
        page.query.get("tab"),
        (tab) => page.keep({ tab })
      )
    );
  const later = (work) => {
    const node = h("div");
    load(node, work);
    return node;
  };

  async function balances() {
    const rows = await api.all(api.ledger.accounts);
    return card(
      t("billing.balances"),
      { flush: true, note: t("billing.balances_note"), actions: page.may("BALANCE") && button(t("billing.top_up"), { first: true, symbol: "plus", onclick: topUp }) },
      table({
        name: t("billing.balances"),
        rows,
        none: empty("billing", t("billing.no_balances"), t("billing.no_balances_text")),
        columns: [
          { key: "account", title: t("billing.account"), first: true, sort: (r) => r.account, show: (r) => [account(r.account), h("span", { class: "sub mono" }, r.account)] },
          { key: "type", title: t("billing.type"), show: (r) => named("account", r.type) },
          { key: "balance", title: t("billing.balance"), end: true, sort: shown, show: (r) => h("span", { title: exact(shown(r)) }, usd(shown(r))) },
        ],
      })
    );
  }

  /* Accounts of projects are project/ID/KIND, others KIND or KIND/NAME. */
  function account(id) {
    const [kind, rest, own] = id.split("/");
    if (kind === "project" && own) {
      return `${named("account_kind", own)} · ${all.name(rest)}`;
    }
    const more = id.slice(kind.length + 1);
    return more ? `${named("account_kind", kind)} · ${all.name(more)}` : named("account_kind", kind);
  }

  /* What one has is a debit, which the books write with a minus. */
  const shown = (r) => (r.type === "asset" || r.type === "expense" ? -1 : 1) * Number(r.balance_nano) || 0;

  function topUp() {
    ask(t("billing.top_up"), {
      intro: t("billing.top_up_text"),
      fields: [
        { name: "project", label: t("dimension.project"), type: "select", options: all.projectOptions() },
        { name: "amount", label: t("billing.amount"), required: true, placeholder: "100.00", check: (v) => (nano(v) > 0 ? null : t("budgets.amount_wrong")) },
        { name: "ref", label: t("billing.reference"), required: true, help: t("billing.reference_help"), placeholder: "INV-2026-1042" },
        { name: "memo", label: t("billing.memo"), optional: true },
      ],
      submit: t("billing.top_up"),
      send: async (v, close) => {
        await api.projects.topUp(v.project, { amount_usd: v.amount.replace(/[$,\s]/g, ""), ref: v.ref, memo: v.memo });
        close();
        toast(t("saved"));
        refresh();
      },
    });
  }

  async function priceList() {
    const rows = await api.all(api.prices.list);
    const million = (pico) => usd(Number(pico) * 1000);
    return card(
      t("billing.prices"),
      { flush: true, note: t("billing.prices_note"), actions: page.may("PRICE") && button(t("billing.add_price"), { first: true, symbol: "plus", onclick: addPrice }) },
      table({
        name: t("billing.prices"),
        rows,
        none: empty("billing", t("billing.no_prices"), t("billing.no_prices_text")),
        columns: [
          { key: "model", title: t("dimension.version"), first: true, sort: (r) => r.version, show: (r) => [r.version, h("span", { class: "sub" }, r.project ? all.name(r.project) : t("billing.everyone"))] },
          ...PRICES.map((k) => ({ key: k, title: t(`price.${k}`), end: true, sort: (r) => r.prices[k], show: (r) => million(r.prices[k]) })),
          { key: "from", title: t("billing.valid"), show: (r) => [when(r.valid_from), h("span", { class: "sub" }, r.valid_to ? t("billing.until", { time: when(r.valid_to) }) : t("billing.open_end"))] },
          { key: "source", title: t("billing.source"), show: (r) => [r.source, schedule(r) && h("span", { class: "sub" }, t("billing.peak"))] },
        ],
      })
    );
  }

  const schedule = (r) => Array.isArray(r.schedule) && r.schedule.length > 0;

  function addPrice() {
    const money = (name, required) => ({ name, label: t(`price.${name}`), required, optional: !required, placeholder: "0.28", check: (v) => (nano(v) === null ? t("budgets.amount_wrong") : null) });
    ask(t("billing.add_price"), {
      intro: t("billing.add_price_text"),
      wide: true,
      fields: [
        { name: "version", label: t("dimension.version"), required: true, placeholder: "deepseek-v4-flash@2026-07-31" },
        { name: "project", label: t("billing.who"), type: "select", options: [["", t("billing.everyone")], ...all.projectOptions()] },
        money("input", true),
        money("cache_read", false),
        money("cache_write", false),
        money("output", true),
        money("reasoning", false),
        { name: "source", label: t("billing.source"), required: true, placeholder: t("billing.source_example") },
      ],
      submit: t("create"),
      send: async (v, close) => {
        // A million tokens for a dollar is a pico-USD a token times a million: nano / 1000.
        const given = PRICES.filter((k) => v[k] !== "").map((k) => [k, nano(v[k]) / 1000]);
        await api.prices.add({ version: v.version, project: v.project || null, source: v.source, prices: Object.fromEntries(given) });
        close();
        toast(t("created_done"));
        refresh();
      },
    });
  }

  async function ledger() {
    const verdict = h("div", { "aria-live": "polite" });
    const verify = button(t("billing.verify"), {
      symbol: "check",
      onclick: async () => {
        verify.disabled = true;
        await load(verdict, async () => result(await api.ledger.verify()));
        verify.disabled = false;
      },
    });
    const list = await pages({
      list: api.ledger.transactions,
      signal: page.signal,
      name: t("billing.ledger"),
      none: empty("billing", t("billing.no_transactions"), t("billing.no_transactions_text")),
      columns: [
        { key: "time", title: t("requests.time"), first: true, show: (r) => when(r.created_at) },
        { key: "kind", title: t("billing.kind"), show: (r) => badge(named("tx", r.kind), "", true) },
        { key: "project", title: t("dimension.project"), show: (r) => (r.project ? all.name(r.project) : "–") },
        { key: "ref", title: t("billing.reference"), show: (r) => [h("code", { class: "cut", title: r.ref }, r.ref), h("span", { class: "sub" }, r.memo)] },
        { key: "entries", title: t("billing.movement"), show: (r) => movements(r.entries ?? []) },
      ],
    });
    return h("div", { class: "stack" }, card(t("billing.ledger"), { flush: true, note: t("billing.ledger_note"), actions: verify }, verdict, list));
  }

  function movements(entries) {
    return h(
      "ul",
      { class: "grants number" },
      entries.map((e) => h("li", h("span", { title: exact(e.amount_nano) }, usd(e.amount_nano)), " ", h("span", { class: "muted" }, account(e.account))))
    );
  }

  put(place, head(t("billing.title"), t("billing.text")), body);
  await refresh();
}

function result(r) {
  return h(
    "div",
    { class: "pad" },
    r.ok
      ? notice("good", t("billing.sound"), t("billing.sound_text", { transactions: count(r.transactions), events: count(r.events), prices: count(r.prices) }))
      : notice("bad", t("billing.unsound"), r.fault && `${r.fault.message} (${r.fault.check}, ${r.fault.where})`, t("billing.unsound_text"))
  );
}
