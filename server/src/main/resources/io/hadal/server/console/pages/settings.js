/* Language, theme and the configuration in force. */

import * as api from "../api.js";
import { h, put } from "../dom.js";
import { when } from "../format.js";
import { language, named, t } from "../i18n.js";
import { badge, button, card, copier, empty, explain, head, load, segments, toast } from "../ui.js";
import { table } from "../table.js";

export async function show(place, page) {
  const config = h("div");
  const alerts = h("div");
  const grants = page.me.grants ?? [];
  put(
    place,
    head(t("settings.title"), t("settings.text")),
    h(
      "div",
      { class: "grid" },
      card(
        t("settings.look"),
        {},
        h(
          "div",
          { class: "stack" },
          h("div", { class: "field" }, h("span", { class: "label", "aria-hidden": "true" }, t("settings.language")), segments(t("settings.language"), [["en", "English"], ["zh", "中文"]], language(), page.app.useLanguage)),
          h("div", { class: "field" }, h("span", { class: "label", "aria-hidden": "true" }, t("settings.theme")), segments(t("settings.theme"), ["system", "light", "dark"].map((k) => [k, t(`theme.${k}`)]), page.app.theme, page.app.useTheme), h("span", { class: "help" }, t("settings.kept")))
        )
      ),
      card(
        t("settings.you"),
        {},
        h(
          "dl",
          { class: "facts" },
          h("dt", t("name")),
          h("dd", page.me.name),
          page.me.email && [h("dt", t("people.email")), h("dd", page.me.email)],
          h("dt", t("people.roles")),
          h("dd", grants.length > 0 ? grants.map((g) => h("div", named("role", g.role), " ", h("span", { class: "muted" }, g.scope_type === "all" ? t("people.everywhere") : `${named("scope", g.scope_type)} ${g.scope_name ?? g.scope_id}`))) : "–"),
          page.me.expires_at && [h("dt", t("settings.session")), h("dd", when(page.me.expires_at))]
        )
      )
    ),
    page.may("CONFIG", "READ") && [config, alerts]
  );
  if (page.may("CONFIG", "READ")) {
    await load(config, async () => drawConfig(await api.config()));
    await load(alerts, async () => {
      const [channels, failed, waiting] = await Promise.all([api.delivery.channels(), api.delivery.failed(), api.delivery.waiting()]);
      return drawAlerts(channels.data, [...waiting.data, ...failed.data], page);
    });
  }
}

function drawConfig(answer) {
  const values = answer.config;
  const set = new Map(answer.changed.map((c) => [c.key, c]));
  let only = set.size > 0;
  const list = h("div");
  const draw = () =>
    put(
      list,
      table({
        name: t("settings.config"),
        rows: flat(values, "").filter((r) => !only || set.has(r.key)),
        none: empty("settings", t("settings.no_config"), t("settings.no_config_text")),
        sort: { key: "key", down: false },
        columns: [
          { key: "key", title: t("settings.key"), first: true, sort: (r) => r.key, show: (r) => h("code", r.key) },
          { key: "value", title: t("settings.value"), show: (r) => h("span", { class: "mono" }, r.value) },
          { key: "default", title: t("settings.default"), show: (r) => (set.has(r.key) ? [badge(t("settings.set"), "info", true), " ", h("span", { class: "mono muted" }, set.get(r.key).before ?? "–")] : h("span", { class: "muted" }, t("settings.as_default"))) },
        ],
      })
    );
  draw();
  return h(
    "div",
    { class: "stack" },
    card(
      t("settings.config"),
      {
        flush: true,
        note: t("settings.config_note"),
        actions: [
          segments(t("settings.show"), [["set", t("settings.only_set")], ["all", t("all")]], only ? "set" : "all", (key) => {
            only = key === "set";
            draw();
          }),
          copier(() => JSON.stringify(values, null, 2)),
        ],
      },
      list
    ),
    card(
      t("settings.reloads"),
      { note: t("settings.reloads_note") },
      answer.reloads.length === 0 ? h("p", { class: "muted" }, t("settings.no_reloads")) : h("ol", { class: "lines" }, answer.reloads.map(reload))
    )
  );
}

function reload(r) {
  return h(
    "li",
    badge(t(r.applied ? "settings.applied" : "settings.rejected"), r.applied ? "good" : "bad"),
    h(
      "div",
      { class: "rest" },
      r.problem ?? (r.changes.length === 0 ? h("span", { class: "muted" }, t("settings.no_changes")) : null),
      r.changes.length > 0 && h("ul", { class: "grants" }, r.changes.map((c) => h("li", h("code", c.key), " ", h("del", c.before ?? "–"), " → ", h("ins", c.after ?? "–")))),
      r.needs_restart.length > 0 && h("span", { class: "sub" }, t("settings.restart", { keys: r.needs_restart.join(", ") }))
    ),
    h("span", { class: "push muted small nowrap" }, when(r.at))
  );
}

/** Where alerts go, and those that have not arrived. */
function drawAlerts(channels, late, page) {
  if (channels.length === 0) {
    return card(t("settings.alerts"), {}, h("p", { class: "muted" }, t("settings.no_channels")));
  }
  const test = async () => {
    try {
      await api.delivery.test();
      toast(t("settings.alerts_tested"));
    } catch (error) {
      toast(explain(error), "bad");
    }
  };
  return card(
    t("settings.alerts"),
    {
      note: t("settings.alerts_note"),
      actions: page.may("CONFIG") && button(t("settings.alerts_test"), { small: true, onclick: test }),
    },
    h(
      "ol",
      { class: "lines" },
      channels.map((c) =>
        h(
          "li",
          badge(t(c.failed + c.dropped > 0 ? "settings.alerts_failed" : c.waiting > 0 ? "settings.alerts_waiting" : "settings.alerts_well"), c.failed + c.dropped > 0 ? "bad" : c.waiting > 0 ? "warn" : "good"),
          h("div", { class: "rest" }, h("code", c.name), " ", c.target, h("span", { class: "sub" }, t("settings.alerts_figures", { delivered: c.delivered, waiting: c.waiting, failed: c.failed + c.dropped })))
        )
      ),
      late.map((d) =>
        h(
          "li",
          badge(t(d.state === "failed" ? "settings.alerts_failed" : "settings.alerts_waiting"), d.state === "failed" ? "bad" : "warn"),
          h("div", { class: "rest" }, d.subject, h("span", { class: "sub" }, [d.channel, d.recipient, d.problem].filter(Boolean).join(" · "))),
          h("span", { class: "push muted small nowrap" }, when(d.created_at))
        )
      )
    )
  );
}

/** Leaves of a tree with their dotted names. */
function flat(value, key) {
  if (Array.isArray(value)) {
    return value.some((v) => v !== null && typeof v === "object")
      ? value.flatMap((v, i) => flat(v, `${key}[${i}]`))
      : [{ key, value: value.length === 0 ? "[]" : value.join(", ") }];
  }
  if (value !== null && typeof value === "object") {
    return Object.entries(value).flatMap(([name, inner]) => flat(inner, key ? `${key}.${name}` : name));
  }
  return [{ key, value: value === null ? "–" : String(value) }];
}
