/* API keys: made, rotated, revoked; the text of a key is shown once. */

import * as api from "../api.js";
import { h, put } from "../dom.js";
import { ago, day, when } from "../format.js";
import { t } from "../i18n.js";
import { ask, badge, button, card, confirm, copier, dialog, empty, field, head, load, notice, toast } from "../ui.js";
import { pages } from "../table.js";
import { tree } from "../tenancy.js";

const lines = (text) => text.split(/[\s,]+/).filter(Boolean);

export async function show(place, page) {
  const body = h("div");
  const all = await tree();
  let project = page.query.get("project") ?? "";
  const refresh = () =>
    load(body, async () =>
      card(
        null,
        { flush: true },
        await pages({
          list: api.keys.list,
          query: { project },
          name: t("keys.title"),
          off: (k) => state(k)[1] === "",
          none: empty(
            "keys",
            t("keys.none"),
            all.projects.length === 0 ? t("keys.no_project") : t("keys.none_text"),
            all.projects.length > 0 && page.may("KEY") && button(t("keys.add"), { first: true, onclick: add })
          ),
          columns: [
            { key: "name", title: t("name"), first: true, sort: (k) => k.name, show: (k) => [k.name, h("span", { class: "sub mono nowrap" }, `${k.prefix}-…${k.last4}`)] },
            { key: "project", title: t("dimension.project"), sort: (k) => all.name(k.project), show: (k) => all.name(k.project) },
            { key: "state", title: t("status"), show: (k) => badge(...state(k)) },
            { key: "may", title: t("keys.may"), show: (k) => [k.scopes.join(", "), h("span", { class: "sub" }, restrictions(k))] },
            { key: "used", title: t("keys.used"), sort: (k) => k.last_used_at ?? "", show: (k) => h("span", { class: "nowrap", title: when(k.last_used_at) }, ago(k.last_used_at)) },
            { key: "created", title: t("created"), sort: (k) => k.created_at, show: (k) => h("span", { class: "nowrap" }, day(k.created_at)) },
            {
              key: "actions",
              title: t("actions"),
              actions: true,
              show: (k) =>
                page.may("KEY") && k.state === "active"
                  ? [
                      button(t("keys.rotate"), { small: true, symbol: "refresh", about: k.name, onclick: () => rotate(k) }),
                      button(t("keys.revoke"), { small: true, plain: true, danger: true, about: k.name, onclick: () => revoke(k) }),
                    ]
                  : h("a", { class: "small", href: `#/usage?by=alias&key=${encodeURIComponent(k.id)}` }, t("projects.costs")),
            },
          ],
        })
      )
    );

  function restrictions(k) {
    return [k.models.length > 0 ? k.models.join(", ") : t("keys.all_models"), k.addresses.join(", ")].filter(Boolean).join(" · ");
  }

  function add() {
    ask(t("keys.add"), {
      intro: t("keys.add_text"),
      wide: true,
      fields: [
        { name: "name", label: t("name"), required: true, help: t("keys.name_help"), placeholder: t("keys.name_example") },
        { name: "project", label: t("dimension.project"), type: "select", options: all.projectOptions(), value: project },
        { name: "env", label: t("keys.env"), type: "select", options: [["live", t("keys.live")], ["test", t("keys.test")]], help: t("keys.env_help") },
        { name: "expires", label: t("keys.expires"), type: "date", optional: true, help: t("keys.expires_help") },
        { name: "models", label: t("keys.models"), optional: true, help: t("keys.models_help"), placeholder: "deepseek-v4-*", more: { spellcheck: "false" } },
        { name: "addresses", label: t("keys.addresses"), optional: true, help: t("keys.addresses_help"), placeholder: "10.0.0.0/8", more: { spellcheck: "false" } },
        {
          name: "scopes",
          label: t("keys.scopes"),
          type: "checks",
          value: ["inference", "models:read"],
          required: true,
          options: ["inference", "models:read", "usage:read", "files", "admin:*"].map((s) => [s, `${s} · ${t(`key_scope.${s}`)}`]),
        },
      ],
      submit: t("keys.create"),
      send: async (values, close) => {
        const answer = await api.keys.add({
          name: values.name,
          project: values.project,
          test: values.env === "test",
          scopes: values.scopes,
          models: lines(values.models),
          addresses: lines(values.addresses),
          expires_at: values.expires ? `${values.expires}T23:59:59Z` : null,
        });
        close();
        once(t("keys.made"), answer);
        refresh();
      },
    });
  }

  function rotate(key) {
    ask(t("keys.rotate_title", { name: key.name }), {
      intro: t("keys.rotate_text"),
      fields: [{ name: "grace", label: t("keys.grace"), type: "select", value: "86400", options: [["0", t("keys.grace_none")], ["3600", t("keys.grace_hour")], ["86400", t("keys.grace_day")], ["604800", t("keys.grace_week")]] }],
      submit: t("keys.rotate"),
      send: async ({ grace }, close) => {
        const answer = await api.keys.rotate(key.id, { grace_seconds: Number(grace) });
        close();
        once(t("keys.rotated"), answer);
        refresh();
      },
    });
  }

  function revoke(key) {
    confirm(t("keys.revoke_title", { name: key.name }), t("keys.revoke_text"), {
      action: t("keys.revoke"),
      run: async () => {
        await api.keys.revoke(key.id);
        toast(t("keys.revoked_done"));
        refresh();
      },
    });
  }

  const filter = field({ name: "project", label: t("dimension.project"), type: "select", value: project, options: [["", t("all")], ...all.projectOptions()] });
  filter.control.addEventListener("change", () => {
    project = filter.get();
    page.keep({ project });
    refresh();
  });
  put(
    place,
    head(t("keys.title"), t("keys.text"), page.may("KEY") && button(t("keys.add"), { first: true, symbol: "plus", disabled: all.projects.length === 0, onclick: add })),
    h("div", { class: "filters" }, filter.node),
    body
  );
  await refresh();
}

function state(k) {
  if (k.state !== "active") {
    return [t(`keys.${k.state}`), ""];
  }
  if (k.previous_until && new Date(k.previous_until) > new Date()) {
    return [t("keys.rotating", { time: ago(k.previous_until) }), "warn"];
  }
  return [t("keys.active"), "good"];
}

/** Shows the text of a new key, which nobody can see again. */
function once(title, answer) {
  dialog(title, (close) => ({
    body: [
      notice("warn", t("keys.once"), t("keys.once_text")),
      h("div", { class: "secret" }, h("code", { class: "key" }, answer.text), copier(answer.text, { small: false })),
      h("p", { class: "muted" }, t("keys.then"), " ", h("a", { href: "#/clients", onclick: close }, t("clients.title"))),
    ],
    footer: [button(t("keys.stored"), { first: true, onclick: close })],
  }));
}
