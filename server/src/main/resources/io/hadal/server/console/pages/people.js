/* Users, service accounts and their roles. */

import * as api from "../api.js";
import { h, put } from "../dom.js";
import { day } from "../format.js";
import { named, t } from "../i18n.js";
import { ask, badge, button, card, confirm, empty, head, load, tabs, toast } from "../ui.js";
import { table } from "../table.js";
import { scopeOf, tree } from "../tenancy.js";

const ROLES = ["owner", "admin", "billing", "developer", "auditor", "viewer"];

/* What a role may do, as the table of permissions has it in short: read, write, own or nothing. */
const MATRIX = [
  ["inference", "write", "write", "", "own", "", ""],
  ["keys", "write", "write", "", "own", "read", "read"],
  ["projects", "write", "write", "read", "read", "read", "read"],
  ["budgets", "write", "write", "write", "read", "read", "read"],
  ["ledger", "write", "read", "write", "", "read", ""],
  ["usage", "read", "read", "read", "own", "read", "read"],
  ["models", "write", "write", "read", "read", "read", "read"],
  ["people", "write", "write", "", "", "read", ""],
  ["audit", "read", "read", "", "", "read", ""],
];

export async function show(place, page) {
  const body = h("div");
  const refresh = () =>
    load(body, async () => {
      const [all, people, grants] = await Promise.all([tree(), api.all(api.principals.list), api.all(api.grants.list)]);
      const rights = new Map();
      for (const grant of grants) {
        rights.set(grant.principal_id, [...(rights.get(grant.principal_id) ?? []), grant]);
      }
      return tabs(t("people.title"), [
        ["people", t("people.people"), () => listing(all, people, rights)],
        ["roles", t("people.roles"), roles],
      ], page.query.get("tab"), (tab) => page.keep({ tab }));
    });

  function listing(all, people, rights) {
    return card(
      null,
      { flush: true },
      table({
        name: t("people.people"),
        rows: people,
        off: (p) => p.status !== "active",
        none: empty("people", t("people.none"), t("people.none_text")),
        sort: { key: "name", down: false },
        columns: [
          { key: "name", title: t("name"), first: true, sort: (p) => p.name, show: (p) => [p.name, h("span", { class: "sub" }, p.email ?? "")] },
          { key: "kind", title: t("people.kind"), show: (p) => named("principal", p.kind) },
          { key: "status", title: t("status"), show: (p) => badge(named("principal_status", p.status), p.status === "active" ? "good" : "") },
          { key: "roles", title: t("people.roles"), show: (p) => grantList(all, p, rights.get(p.id) ?? []) },
          { key: "signin", title: t("people.signs_in"), show: (p) => (p.kind === "service" ? t("people.by_key") : p.oidc_subject || p.oidc ? "OpenID Connect" : t("people.by_password")) },
          { key: "created", title: t("created"), sort: (p) => p.created_at, show: (p) => day(p.created_at) },
          {
            key: "actions",
            title: t("actions"),
            actions: true,
            show: (p) => [
              page.may("GRANT") && button(t("people.grant"), { small: true, symbol: "plus", label: t("people.grant_to", { name: p.name }), onclick: () => grant(all, p) }),
              page.may("PRINCIPAL") &&
                (p.status === "active"
                  ? button(t("people.disable"), { small: true, plain: true, danger: true, onclick: () => disable(p) })
                  : button(t("people.enable"), { small: true, plain: true, onclick: () => change(p, "active") })),
            ],
          },
        ],
      })
    );
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
          page.may("GRANT") && g.source !== "oidc" && button("", { symbol: "close", plain: true, small: true, label: t("people.take", { role: named("role", g.role), name: person.name }), onclick: () => take(person, g) })
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
        await api.grants.add({ principal_id: person.id, role, scope_type: type, scope_id: id });
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
        await api.grants.remove({ principal_id: person.id, role: g.role, scope_type: g.scope_type, scope_id: g.scope_id });
        toast(t("saved"));
        refresh();
      },
    });
  }

  function disable(person) {
    confirm(t("people.disable_title", { name: person.name }), t("people.disable_text"), { action: t("people.disable"), run: () => change(person, "disabled") });
  }

  async function change(person, status) {
    await api.principals.change(person.id, { status });
    toast(t("saved"));
    refresh();
  }

  async function add() {
    const all = await tree();
    ask(t("people.add"), {
      intro: t("people.add_text"),
      fields: [
        { name: "kind", label: t("people.kind"), type: "select", options: ["user", "service"].map((k) => [k, named("principal", k)]) },
        { name: "name", label: t("name"), required: true },
        { name: "email", label: t("people.email"), optional: true, help: t("people.email_help") },
        { name: "org_id", label: t("dimension.org"), type: "select", options: all.orgs.map((o) => [o.id, o.name]) },
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

function roles() {
  const tones = { write: "good", read: "info", own: "warn" };
  return card(
    null,
    { flush: true },
    table({
      name: t("people.roles"),
      rows: MATRIX,
      columns: [
        { key: "what", title: t("people.what"), first: true, show: (r) => t(`people.may_${r[0]}`) },
        ...ROLES.map((role, i) => ({
          key: role,
          title: named("role", role),
          show: (r) => (r[i + 1] ? badge(t(`people.can_${r[i + 1]}`), tones[r[i + 1]], true) : h("span", { class: "muted", "aria-label": t("no") }, "–")),
        })),
      ],
    })
  );
}
