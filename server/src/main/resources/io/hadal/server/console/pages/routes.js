/* Where requests go, and how healthy that is. */

import * as api from "../api.js";
import { meter } from "../chart.js";
import { h, put } from "../dom.js";
import { ago, count, lasted, percent, when } from "../format.js";
import { named, t } from "../i18n.js";
import { badge, button, card, confirm, empty, head, load, toast } from "../ui.js";

const EVERY = 5000;

export async function show(place, page) {
  const body = h("div", { class: "stack" });
  let last = "";
  const draw = async () => {
    const rows = (await api.backends.list({ limit: 200 })).data;
    last = JSON.stringify(rows);
    return content(rows);
  };

  function content(rows) {
    if (rows.length === 0) {
      return card(null, {}, empty("routes", t("routes.none"), t("routes.none_text")));
    }
    const up = rows.filter((r) => tone(r) === "good").length;
    return [
      h("p", { class: "muted" }, t("routes.summary", { up, all: rows.length })),
      h("div", { class: "grid" }, rows.map(backend)),
    ];
  }

  function backend(r) {
    const state = breaker(r);
    const may = page.may("BACKEND");
    const rate = r.success_rate ?? (r.calls > 0 ? 1 - Number(r.failures ?? 0) / r.calls : null);
    return card(
      r.name ?? r.id,
      { actions: [badge(named("breaker", state), tone(r))] },
      h(
        "div",
        { class: "stack tight" },
        h("p", { class: "muted small" }, [named("backend", r.kind ?? r.format), r.base_url ?? r.url, r.region].filter(Boolean).join(" · ")),
        h(
          "dl",
          { class: "facts" },
          rate !== null && [h("dt", t("routes.success")), h("dd", { class: "row" }, h("span", { class: "number" }, percent(rate)), h("span", { class: "share" }, meter(rate, { tone: rate < 0.5 ? "bad" : rate < 0.95 ? "warn" : "", label: percent(rate) })))],
          fact(t("routes.ttft"), r.ttft_ms === undefined ? null : lasted(r.ttft_ms ?? r.ewma_ttft_ms)),
          fact(t("routes.per_token"), r.tpot_ms !== undefined ? lasted(r.tpot_ms) : null),
          fact(t("routes.running"), r.running !== undefined || r.active !== undefined ? count(r.running ?? r.active) : null),
          fact(t("routes.keys"), keyState(r)),
          fact(t("routes.models"), (r.models ?? []).join(", ")),
          fact(t("routes.flags"), [r.zdr && "ZDR", r.baa && "BAA"].filter(Boolean).join(", ")),
          fact(t("routes.probe"), r.last_probe_at || r.probed_at ? h("span", { title: when(r.last_probe_at ?? r.probed_at) }, ago(r.last_probe_at ?? r.probed_at)) : null),
          fact(t("routes.error"), r.last_error)
        ),
        may &&
          h(
            "div",
            { class: "row" },
            button(t("routes.probe_now"), { small: true, symbol: "refresh", label: t("routes.probe_name", { name: r.name ?? r.id }), onclick: () => step(r, "probe") }),
            r.enabled === false || r.drained
              ? button(t("routes.enable"), { small: true, onclick: () => step(r, "enable") })
              : button(t("routes.disable"), {
                  small: true,
                  plain: true,
                  danger: true,
                  label: t("routes.disable_name", { name: r.name ?? r.id }),
                  onclick: () => confirm(t("routes.disable_name", { name: r.name ?? r.id }), t("routes.disable_text"), { action: t("routes.disable"), run: () => step(r, "disable") }),
                })
          )
      )
    );
  }

  async function step(r, what) {
    await api.backends.step(r.id ?? r.name, what);
    toast(t("saved"));
    put(body, await draw());
  }

  put(place, head(t("routes.title"), t("routes.text")), body);
  await load(body, draw);
  page.every(EVERY, async () => {
    const rows = await api.backends.list({ limit: 200 }).then((a) => a.data, () => null);
    const now = JSON.stringify(rows);
    // Drawing again would take the focus away from a button in use.
    if (rows && now !== last && !body.contains(document.activeElement)) {
      last = now;
      put(body, content(rows));
    }
  });
}

function fact(name, value) {
  return value === null || value === undefined || value === "" ? null : [h("dt", name), h("dd", value)];
}

const breaker = (r) => (r.enabled === false ? "disabled" : String(r.breaker ?? r.state ?? "closed").toLowerCase());

function tone(r) {
  const state = breaker(r);
  return state === "disabled" ? "" : state === "closed" && r.healthy !== false ? "good" : state === "half_open" ? "warn" : "bad";
}

function keyState(r) {
  if (!Array.isArray(r.keys)) {
    return null;
  }
  const out = r.keys.filter((k) => k.usable === false || k.out || k.disabled).length;
  return out > 0 ? t("routes.keys_out", { out, all: r.keys.length }) : t("routes.keys_ok", { all: r.keys.length });
}
