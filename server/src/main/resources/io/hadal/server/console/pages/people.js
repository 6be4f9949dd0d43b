/* Users, service accounts and their roles. */

import * as api from "../api.js";
import { h, put } from "../dom.js";
import { day } from "../format.js";
import { named, t } from "../i18n.js";
import { ask, badge, button, card, confirm, empty, head, load, tabs, toast } from "../ui.js";
import { table } from "../table.js";
import { scopeOf, tree } from "../tenancy.js";

const ROLES = ["owner", "admin", "billing", "developer", "auditor", "viewer"];

export async function show(place, page) {
  const body = h("div");
  const refresh = () =>
    load(body, async () => {
      const [all, people, ways] = await Promise.all([tree(), api.all(api.principals.list), api.session.methods()]);
      return tabs(
        t("people.title"),
        [
          ["people", t("people.people"), () => listing(all, people)],
          ["roles", t("people.roles"), roles],
          ["signin", t("people.signin"), () => waysIn(ways)],
        ],
        page.query.get("tab"),
        (tab) => page.keep({ tab })
      );
    });

  function listing(all, people) {
    return card(
      null,
      { flush: true },
      table({
        name: t("people.people"),
        rows: people,
        off: (p) => p.archived,
        none: empty("people", t("people.none"), t("people.none_text")),
        sort: { key: "name", down: false },
        columns: [
          { key: "name", title: t("name"), first: true, sort: (p) => p.name, show: (p) => [p.name, h("span", { class: "sub" }, p.email ?? "")] },
          { key: "kind", title: t("people.kind"), show: (p) => named("principal", p.kind) },
          { key: "status", title: t("status"), show: (p) => (p.archived ? badge(t("people.archived")) : badge(t("people.active"), "good")) },
          { key: "roles", title: t("people.roles"), show: (p) => roleCell(all, p) },
          { key: "signin", title: t("people.signs_in"), show: signsIn },
          { key: "created", title: t("created"), sort: (p) => p.created_at, show: (p) => h("span", { class: "nowrap" }, day(p.created_at)) },
          {
            key: "actions",
            title: t("actions"),
            actions: true,
            show: (p) => [
              page.may("GRANT") && !p.archived && button(t("people.grant"), { small: true, symbol: "plus", about: p.name, onclick: () => grant(all, p) }),
              page.may("PRINCIPAL") && !p.archived && button(t("people.archive"), { small: true, plain: true, danger: true, about: p.name, onclick: () => archive(p) }),
            ],
          },
        ],
      })
    );
  }

  /* Roles of each come by themselves, so that a long list is there at once. */
  function roleCell(all, person) {
    const cell = h("div");
    api.grants.list({ principal: person.id }).then(
      (found) => put(cell, grantList(all, person, found.data)),
      () => put(cell, "–")
    );
    return cell;
  }

  function grantList(all, person, rights) {
    if (rights.length === 0) {
      return h("span", { class: "muted" }, t("people.no_role"));
    }
    return h(
      "ul",
      { class: "grants" },
      rights.map((g) =>
        h(
          "li",
          h("b", named("role", g.role)),
          " ",
          g.scope_type === "all" ? t("people.everywhere") : `${t("people.on")} ${all.name(g.scope_id)}`,
          g.source === "oidc" && h("span", { class: "muted" }, ` · ${t("people.from_group")}`),
          page.may("GRANT") && g.source === "local" && button("", { symbol: "close", plain: true, small: true, label: t("people.take", { role: named("role", g.role), name: person.name }), onclick: () => take(person, g) })
        )
      )
    );
  }

  function grant(all, person) {
    ask(t("people.grant_to", { name: person.name }), {
      intro: t("people.grant_text"),
      fields: [
        { name: "role", label: t("people.role"), type: "select", value: "developer", options: ROLES.map((r) => [r, named("role", r)]), help: t("people.role_help") },
        { name: "scope", label: t("people.where"), type: "select", options: all.scopeOptions() },
      ],
      submit: t("people.grant"),
      send: async ({ role, scope }, close) => {
        const { type, id } = scopeOf(scope);
        await api.grants.add({ principal: person.id, role, scope_type: type, scope_id: id });
        close();
        toast(t("saved"));
        refresh();
      },
    });
  }

  function take(person, g) {
    confirm(t("people.take", { role: named("role", g.role), name: person.name }), t("people.take_text"), {
      action: t("people.take_short"),
      run: async () => {
        await api.grants.remove(g);
        toast(t("saved"));
        refresh();
      },
    });
  }

  function archive(person) {
    confirm(t("people.archive_title", { name: person.name }), t("people.archive_text"), {
      action: t("people.archive"),
      word: person.name,
      run: async () => {
        await api.principals.archive(person.id);
        toast(t("saved"));
        refresh();
      },
    });
  }

  async function add() {
    const all = await tree();
    ask(t("people.add"), {
      intro: t("people.add_text"),
      fields: [
        { name: "kind", label: t("people.kind"), type: "select", options: ["user", "service"].map((k) => [k, named("principal", k)]) },
        { name: "name", label: t("name"), required: true },
        { name: "email", label: t("people.email"), optional: true, help: t("people.email_help") },
        { name: "org", label: t("dimension.org"), type: "select", options: all.orgs.map((o) => [o.id, o.name]) },
      ],
      submit: t("create"),
      send: async (values, close) => {
        await api.principals.add({ ...values, email: values.email || null });
        close();
        toast(t("created_done"));
        refresh();
      },
    });
  }

  put(place, head(t("people.title"), t("people.text"), page.may("PRINCIPAL") && button(t("people.add"), { first: true, symbol: "plus", onclick: add })), body);
  await refresh();
}

/* The local administrator is the only one with a password. */
function signsIn(p) {
  if (p.kind === "service") {
    return t("people.by_key");
  }
  return p.oidc ? "OpenID Connect" : p.name === "administrator" && !p.email ? t("people.by_password") : h("span", { class: "muted" }, t("people.not_yet"));
}

function waysIn(ways) {
  const state = (on) => (on ? badge(t("on"), "good") : badge(t("off")));
  return card(
    t("people.signin"),
    { note: t("people.signin_note") },
    h("dl", { class: "facts" }, h("dt", "OpenID Connect"), h("dd", state(ways.oidc), " ", t(ways.oidc ? "people.oidc_on" : "people.oidc_off")), h("dt", t("people.local")), h("dd", state(ways.password), " ", t("people.local_text")))
  );
}

function roles() {
  return card(
    null,
    {},
    h("dl", { class: "facts" }, ROLES.map((role) => [h("dt", badge(named("role", role), "info", true)), h("dd", t(`role_text.${role}`))]))
  );
}
