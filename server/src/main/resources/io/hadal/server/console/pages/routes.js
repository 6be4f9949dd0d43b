/* Where requests go, and how healthy that is. */

import * as api from "../api.js";
import { h, put } from "../dom.js";
import { ago, count, lasted, percent, when } from "../format.js";
import { named, t } from "../i18n.js";
import { badge, button, card, empty, head, healthBadge, load, notice, toast } from "../ui.js";
import { table } from "../table.js";
import { backends as qualities } from "./quality.js";

const EVERY = 5000;
const BREAKERS = { closed: "good", half_open: "warn", open: "bad" };

export async function show(place, page) {
  const body = h("div", { class: "stack" });
  let last = "";
  const ask = async () => {
    const [backends, routes, quality] = await Promise.all([
      api.backends.list({ limit: 500 }),
      api.backends.routes(),
      page.may("MODEL", "READ") ? api.trials.quality() : null,
    ]);
    return { backends: backends.data, routes: routes.data, quality: quality?.data ?? null };
  };

  function content({ backends, routes, quality }) {
    if (backends.length === 0) {
      return [card(null, {}, empty("routes", t("routes.none"), t("routes.none_text"))), quality?.length > 0 && monitor(quality)];
    }
    return [
      h("p", { class: "muted" }, t("routes.summary", { up: backends.filter((b) => b.state === "up").length, all: backends.length })),
      h("div", { class: "grid two loose" }, backends.map((b) => backend(b, quality ?? []))),
      routeTable(routes),
      quality && monitor(quality),
    ];
  }

  /** The same questions to all: a backend that answers worse than others stands out. */
  function monitor(quality) {
    return card(
      t("routes.quality"),
      { flush: true, note: t("routes.quality_note"), actions: h("a", { class: "button small", href: "#/quality" }, t("routes.quality_more")) },
      qualities(quality)
    );
  }

  function backend(b, quality) {
    const worse = quality.filter((q) => q.backend === b.name && q.suspect);
    const out = b.keys.filter((k) => k.state !== "ok").length;
    return card(
      b.name,
      {
        actions: [
          worse.length > 0 && badge(t("quality.suspect"), "bad"),
          healthBadge(b),
          page.may("BACKEND") && button(t("routes.probe_now"), { small: true, symbol: "refresh", about: b.name, onclick: () => probe(b) }),
        ],
      },
      h(
        "div",
        { class: "stack tight" },
        h("p", { class: "muted small" }, [named("backend", b.format), b.url, b.region].filter(Boolean).join(" · ")),
        worse.map((q) => notice("warn", t("routes.worse", { version: q.version }), q.suspect)),
        b.last_problem && notice(b.state === "up" ? "warn" : "bad", b.last_problem),
        h(
          "dl",
          { class: "facts" },
          fact(t("routes.since"), b.since ? h("span", { title: when(b.since) }, ago(b.since)) : t("routes.since_start")),
          fact(t("routes.probe"), h("span", { title: when(b.last_probe) }, ago(b.last_probe))),
          fact(t("routes.running"), count(b.active_requests)),
          b.keys.length > 0 && fact(t("routes.keys"), out > 0 ? t("routes.keys_out", { out, all: b.keys.length }) : t("routes.keys_ok", { all: b.keys.length })),
          fact(t("routes.flags"), [b.zdr && "ZDR", b.baa && "BAA"].filter(Boolean).join(", "))
        ),
        b.models.length === 0
          ? h("p", { class: "muted small" }, t("routes.unused"))
          : table({
            name: t("routes.models_of", { name: b.name }),
            rows: b.models,
            columns: [
              { key: "name", title: t("dimension.alias"), first: true, sort: (m) => m.name, show: (m) => m.name },
              { key: "breaker", title: t("routes.breaker"), show: (m) => badge(named("breaker", m.breaker), BREAKERS[m.breaker] ?? "") },
              { key: "failures", title: t("routes.failures"), end: true, show: (m) => (m.failure_percent === null ? "–" : percent(m.failure_percent / 100)) },
              { key: "ttft", title: t("routes.ttft"), end: true, show: (m) => (m.first_token_millis === null ? "–" : lasted(m.first_token_millis)) },
              { key: "tpot", title: t("routes.per_token"), end: true, show: (m) => (m.token_micros === null ? "–" : lasted(m.token_micros / 1000)) },
              { key: "cache", title: t("measure.cache"), end: true, show: (m) => percent(m.cache_hit_ratio, 0) },
            ],
          })
      )
    );
  }

  function routeTable(routes) {
    return card(
      t("routes.routes"),
      { flush: true, note: t("routes.routes_note") },
      table({
        name: t("routes.routes"),
        rows: routes,
        none: empty("routes", t("routes.no_routes"), t("routes.none_text")),
        columns: [
          { key: "model", title: t("dimension.alias"), first: true, sort: (r) => r.model, show: (r) => h("code", r.model) },
          { key: "strategy", title: t("routes.strategy"), show: (r) => named("strategy", r.strategy) },
          { key: "upstreams", title: t("routes.order"), show: (r) => r.upstreams.join(" → ") },
          { key: "fallback", title: t("routes.fallback"), show: (r) => (r.fallback ? h("code", r.fallback) : h("span", { class: "muted" }, t("routes.no_fallback"))) },
        ],
      })
    );
  }

  async function probe(b) {
    try {
      const now = await api.backends.probe(b.name);
      toast(`${b.name}: ${named("backend_state", now.state)}`, now.state === "up" ? "good" : "bad");
      put(body, content(await ask()));
    } catch (error) {
      toast(error.message || t("failed"), "bad");
    }
  }

  put(place, head(t("routes.title"), t("routes.text")), body);
  await load(body, async () => content(await ask()));
  page.every(EVERY, async () => {
    const found = await ask().catch(() => null);
    const now = JSON.stringify(found);
    // Drawing again would take the focus away from a button in use.
    if (found && now !== last && !body.contains(document.activeElement)) {
      last = now;
      put(body, content(found));
    }
  });
}

function fact(name, value) {
  return value === null || value === undefined || value === "" ? null : [h("dt", name), h("dd", value)];
}
