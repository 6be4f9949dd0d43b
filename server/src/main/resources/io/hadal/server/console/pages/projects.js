/* Organisations, their teams and their projects. */

import * as api from "../api.js";
import { h, put } from "../dom.js";
import { day } from "../format.js";
import { t } from "../i18n.js";
import { ask, badge, button, card, confirm, empty, head, load, toast } from "../ui.js";
import { table } from "../table.js";
import { tree } from "../tenancy.js";

const SLUG = /^[a-z0-9][a-z0-9-]{0,62}$/;

export async function show(place, page) {
  const body = h("div", { class: "stack" });
  let all = null;
  const refresh = () =>
    load(body, async () => {
      all = await tree();
      return draw();
    });

  function draw() {
    if (all.orgs.length === 0) {
      return card(null, {}, empty("projects", t("projects.none"), t("projects.none_text"), page.may("ORG") && button(t("projects.add_org"), { first: true, onclick: addOrg })));
    }
    return all.orgs.map((org) => {
      const teams = all.teams.filter((one) => one.org === org.id && !one.archived);
      const projects = all.projects.filter((one) => one.org === org.id);
      return card(
        org.name,
        {
          flush: true,
          note: t("projects.counts", { teams: teams.length, projects: projects.length }),
          actions: [
            page.may("TEAM") && button(t("projects.add_team"), { small: true, symbol: "plus", onclick: () => addTeam(org) }),
            page.may("PROJECT") && button(t("projects.add"), { small: true, first: true, symbol: "plus", disabled: teams.length === 0, onclick: () => addProject(teams) }),
          ],
        },
        table({
          name: org.name,
          rows: projects,
          off: (p) => p.archived,
          none: empty("projects", t("projects.no_projects"), teams.length === 0 ? t("projects.first_team") : t("projects.first_project")),
          sort: { key: "team", down: false },
          columns: [
            { key: "name", title: t("dimension.project"), first: true, sort: (p) => p.name, show: (p) => [p.name, h("span", { class: "sub mono" }, p.slug)] },
            { key: "team", title: t("dimension.team"), sort: (p) => all.name(p.team), show: (p) => all.name(p.team) },
            { key: "status", title: t("status"), show: (p) => (p.archived ? badge(t("projects.archived")) : badge(t("projects.active"), "good")) },
            { key: "policy", title: t("projects.content"), show: (p) => policy(p.policy) },
            { key: "created", title: t("created"), sort: (p) => p.created_at, show: (p) => h("span", { class: "nowrap" }, day(p.created_at)) },
            {
              key: "actions",
              title: t("actions"),
              actions: true,
              show: (p) => [
                h("a", { class: "button small", href: `#/usage?by=key&project=${encodeURIComponent(p.id)}` }, t("projects.costs")),
                h("a", { class: "button small", href: `#/keys?project=${encodeURIComponent(p.id)}` }, t("keys.title")),
                page.may("PROJECT") && !p.archived && button(t("projects.archive"), { small: true, plain: true, danger: true, about: p.name, onclick: () => archive(p) }),
              ],
            },
          ],
        })
      );
    });
  }

  function addOrg() {
    ask(t("projects.add_org"), {
      intro: t("projects.org_help"),
      fields: [{ name: "name", label: t("name"), required: true }],
      submit: t("create"),
      send: async (values, close) => {
        await api.orgs.add(values);
        done(close);
      },
    });
  }

  function addTeam(org) {
    ask(t("projects.add_team"), {
      intro: t("projects.team_help"),
      fields: [{ name: "name", label: t("name"), required: true, placeholder: t("projects.team_example") }],
      submit: t("create"),
      send: async ({ name }, close) => {
        await api.teams.add({ org: org.id, name });
        done(close);
      },
    });
  }

  function addProject(teams) {
    ask(t("projects.add"), {
      intro: t("projects.project_help"),
      fields: [
        { name: "name", label: t("name"), required: true, placeholder: t("projects.project_example") },
        { name: "slug", label: t("projects.slug"), required: true, help: t("projects.slug_help"), placeholder: "code-assistant", check: (v) => (SLUG.test(v) ? null : t("projects.slug_wrong")) },
        { name: "team", label: t("dimension.team"), type: "select", options: teams.map((one) => [one.id, one.name]) },
      ],
      submit: t("create"),
      send: async (values, close) => {
        await api.projects.add(values);
        done(close);
      },
    });
  }

  function archive(project) {
    confirm(t("projects.archive"), t("projects.archive_text", { name: project.name }), {
      action: t("projects.archive"),
      word: project.slug,
      run: async () => {
        await api.projects.archive(project.id);
        toast(t("saved"));
        refresh();
      },
    });
  }

  function done(close) {
    close();
    toast(t("created_done"));
    refresh();
  }

  put(
    place,
    head(t("projects.title"), t("projects.text"), page.may("ORG") && button(t("projects.add_org"), { symbol: "plus", onclick: addOrg })),
    body
  );
  await refresh();
}

/** What is stricter than usual about the content of a project. */
function policy(p) {
  const marks = [
    p.phi && badge("PHI", "info", true),
    p.zdr && badge("ZDR", "info", true),
    p.store_prompts && badge(t("privacy.stores"), "warn", true),
    p.redaction && p.redaction !== "off" && badge(t(`redaction.${p.redaction}`), "info", true),
  ].filter(Boolean);
  return marks.length > 0 ? h("span", { class: "row" }, marks) : h("span", { class: "muted" }, t("projects.standard"));
}
