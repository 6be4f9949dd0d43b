/* Ready-to-paste settings for programs that use this server. */

import * as api from "../api.js";
import { CLIENTS } from "../clients.js";
import { h, put } from "../dom.js";
import { t } from "../i18n.js";
import { card, field, head, notice, snippet } from "../ui.js";

export async function show(place, page) {
  let chosen = CLIENTS[page.query.get("client")] ? page.query.get("client") : "claude-code";
  const names = await api.models.aliases({ limit: 200 }).then((a) => a.data.map((one) => one.name), () => []);
  const result = h("div", { class: "stack" });
  const url = field({ name: "url", label: t("clients.url"), value: new URL("..", document.baseURI).href.replace(/\/$/, ""), help: t("clients.url_help"), more: { spellcheck: "false" } });
  const model = names.length > 0
    ? field({ name: "model", type: "select", label: t("dimension.alias"), options: names.map((n) => [n, n]), help: t("clients.model_help") })
    : field({ name: "model", label: t("dimension.alias"), value: "", placeholder: "deepseek-v4-flash", help: t("clients.model_help") });
  const key = field({ name: "key", type: "password", label: t("clients.key"), placeholder: "sk-…", help: t("clients.key_help"), more: { autocomplete: "off", spellcheck: "false" } });
  const context = field({ name: "context", type: "number", label: t("clients.context"), value: "131072", help: t("clients.context_help"), more: { min: 1024 } });
  const draw = () => {
    const base = url.get().replace(/\/$/, "");
    const values = { url: base, v1: `${base}/v1`, key: key.get() || "sk-…", model: model.get() || "MODEL", context: Number(context.get()) || 131072 };
    const client = CLIENTS[chosen];
    put(
      result,
      !key.get() && notice("info", t("clients.no_key"), h("p", h("a", { href: "#/keys" }, t("clients.make_key")))),
      client.steps(values).map(([file, text], i) =>
        card(`${i + 1}. ${file ? t("clients.write", { file }) : t("clients.run")}`, {}, snippet(text, file ?? t("clients.run")))
      ),
      h("p", { class: "muted small" }, t("clients.same"), " ", h("code", `hadal connect ${chosen} --url ${base}`))
    );
  };
  for (const one of [url, model, key, context]) {
    one.control.addEventListener("input", draw);
  }
  const list = h(
    "div",
    { class: "picks", role: "group", "aria-label": t("clients.which") },
    Object.entries(CLIENTS).map(([id, client]) =>
      h(
        "button",
        {
          type: "button",
          "aria-pressed": String(id === chosen),
          onclick: (e) => {
            chosen = id;
            page.keep({ client: id });
            for (const other of list.children) {
              other.setAttribute("aria-pressed", String(other === e.currentTarget));
            }
            draw();
          },
        },
        client.name
      )
    )
  );
  put(
    place,
    head(t("clients.title"), t("clients.text")),
    card(null, {}, h("form", { class: "fields", onsubmit: (e) => e.preventDefault() }, url.node, model.node, key.node, context.node)),
    list,
    result
  );
  draw();
}
