/* Ready-to-paste settings for programs that use this server, as `hadal connect` writes them. */

import * as api from "../api.js";
import { h, put } from "../dom.js";
import { t } from "../i18n.js";
import { card, field, head, load, notice, snippet } from "../ui.js";

export async function show(place, page) {
  let chosen = page.query.get("client") ?? "claude-code";
  let setups = { key: "", data: [] };
  const names = await api.models.aliases({ limit: 200 }).then((a) => [...new Set(a.data.map((one) => one.name))], () => []);
  const result = h("div", { class: "stack" });
  const url = field({ name: "url", label: t("clients.url"), value: new URL("..", document.baseURI).href.replace(/\/$/, ""), help: t("clients.url_help"), more: { spellcheck: "false" } });
  const model = names.length > 0
    ? field({ name: "model", type: "select", label: t("dimension.alias"), options: names.map((n) => [n, n]), help: t("clients.model_help") })
    : field({ name: "model", label: t("dimension.alias"), value: "", placeholder: "deepseek-v4-flash", help: t("clients.model_help") });
  const key = field({ name: "key", type: "password", label: t("clients.key"), placeholder: "sk-…", help: t("clients.key_help"), more: { autocomplete: "off", spellcheck: "false" } });
  const context = field({ name: "context", type: "number", label: t("clients.context"), value: "131072", help: t("clients.context_help"), more: { min: 1024 } });
  const list = h("div", { class: "picks", role: "group", "aria-label": t("clients.which") });

  /* The key never leaves the page: the server's text has a sign in its place. */
  const filled = (text) => (key.get() ? text.replaceAll(setups.key, key.get()) : text);

  function draw() {
    const client = setups.data.find((one) => one.id === chosen) ?? setups.data[0];
    if (!client) {
      return;
    }
    const steps = [...client.files.map((f) => [f.file, f.text]), [null, client.start.join("\n")]];
    const said = client.id === "intellij" || client.id === "vscode";
    put(
      result,
      !key.get() && notice("info", t("clients.no_key"), h("p", h("a", { href: "#/keys" }, t("clients.make_key")))),
      steps.map(([file, text], i) => {
        const title = file ? t("clients.write", { file }) : t(said ? "clients.choose" : "clients.run");
        return card(`${i + 1}. ${title}`, {}, snippet(filled(text).trimEnd(), file ?? title));
      }),
      h("p", { class: "muted small" }, t("clients.same"), " ", h("code", `hadal connect ${client.id} --url ${url.get()}`))
    );
  }

  function picks() {
    put(
      list,
      setups.data.map((client) =>
        h(
          "button",
          {
            type: "button",
            "aria-pressed": String(client.id === chosen),
            onclick: (e) => {
              chosen = client.id;
              page.keep({ client: client.id });
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
  }

  let asked = 0;
  async function refresh() {
    asked += 1;
    const mine = asked;
    try {
      const found = await api.clientSetups({ url: url.get().replace(/\/$/, ""), model: model.get(), context: context.get() }, page.signal);
      if (mine === asked) {
        setups = found;
        picks();
        draw();
      }
    } catch (error) {
      if (error.name !== "AbortError" && mine === asked) {
        await load(result, async () => {
          throw error;
        });
      }
    }
  }

  let later = 0;
  for (const one of [url, model, context]) {
    one.control.addEventListener("input", () => {
      clearTimeout(later);
      later = setTimeout(refresh, 300);
    });
  }
  key.control.addEventListener("input", draw);
  put(
    place,
    head(t("clients.title"), t("clients.text")),
    card(null, {}, h("form", { class: "fields", onsubmit: (e) => e.preventDefault() }, url.node, model.node, key.node, context.node)),
    list,
    result
  );
  await refresh();
}
