/* Language, theme and the configuration in force. */

import * as api from "../api.js";
import { h, put } from "../dom.js";
import { when } from "../format.js";
import { language, named, t } from "../i18n.js";
import { badge, card, copier, empty, head, load, segments } from "../ui.js";
import { table } from "../table.js";

export async function show(place, page) {
  const config = h("div");
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
    page.may("CONFIG", "READ") && config
  );
  if (page.may("CONFIG", "READ")) {
    await load(config, async () => drawConfig(await api.config()));
  }
}

function drawConfig(answer) {
  const values = answer.config ?? answer.effective ?? answer;
  const reloads = answer.reloads ?? answer.history ?? [];
  const rows = flat(values, "");
  return h(
    "div",
    { class: "stack" },
    card(
      t("settings.config"),
      { flush: true, note: t("settings.config_note"), actions: copier(() => JSON.stringify(values, null, 2)) },
      table({
        name: t("settings.config"),
        rows,
        none: empty("settings", t("settings.no_config"), t("settings.no_config_text")),
        sort: { key: "key", down: false },
        columns: [
          { key: "key", title: t("settings.key"), first: true, sort: (r) => r.key, show: (r) => h("code", r.key) },
          { key: "value", title: t("settings.value"), show: (r) => h("span", { class: "mono" }, r.value) },
        ],
      })
    ),
    reloads.length > 0 &&
      card(
        t("settings.reloads"),
        {},
        h("ol", { class: "lines" }, reloads.map((r) => h("li", badge(t(r.ok === false ? "settings.rejected" : "settings.applied"), r.ok === false ? "bad" : "good"), h("span", r.message ?? (r.changed ?? []).join(", ")), h("span", { class: "push muted small" }, when(r.at ?? r.time)))))
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
