/* What may happen with the content of each project, and the bounds above them. */

import * as api from "../api.js";
import { h, put } from "../dom.js";
import { day } from "../format.js";
import { t } from "../i18n.js";
import { ask, badge, button, card, confirm, empty, form, head, load, notice, tabs, toast } from "../ui.js";
import { table } from "../table.js";
import { MODES, detectors, fields, kind, summary, values } from "../redaction.js";
import { tree } from "../tenancy.js";

const SWITCHES = ["store_prompts", "zdr", "phi"];
const MOST_DETECTORS = 20;
const ISOLATIONS = ["project", "key", "user"];

export async function show(place, page) {
  const body = h("div");
  const refresh = () =>
    load(body, async () => {
      const all = await tree();
      const live = (one) => !one.archived;
      const projects = all.projects.filter(live);
      const bounds = [
        ...all.orgs.filter(live).map((o) => ({ ...o, kind: "orgs", resource: "ORG" })),
        ...all.teams.filter(live).map((o) => ({ ...o, kind: "teams", resource: "TEAM" })),
      ];
      return tabs(
        t("privacy.title"),
        [
          ["projects", t("privacy.projects"), () => matrix(all, projects.map((p) => ({ ...p, kind: "projects", resource: "PROJECT" })))],
          ["bounds", t("privacy.bounds"), () => h("div", { class: "stack" }, notice("info", t("privacy.bounds_title"), t("privacy.bounds_text")), matrix(all, bounds))],
          ["keys", t("privacy.keys"), () => dataKeys(all.orgs.filter(live), page)],
          ["trial", t("privacy.trial"), () => trial(all, projects)],
        ],
        page.query.get("tab"),
        (tab) => page.keep({ tab })
      );
    });

  function matrix(all, rows) {
    return card(
      null,
      { flush: true },
      table({
        name: t("privacy.title"),
        rows,
        none: empty("privacy", t("privacy.none"), t("privacy.none_text")),
        columns: [
          { key: "name", title: t("name"), first: true, sort: (r) => r.name, show: (r) => [r.name, h("span", { class: "sub" }, under(all, r))] },
          ...SWITCHES.map((k) => ({ key: k, title: t(`privacy.${word(rows, k)}`), show: (r) => onOff(r.policy[k], k, r.kind) })),
          { key: "retention", title: t("privacy.retention"), show: (r) => (Number(r.policy.retention_days) > 0 ? t("privacy.days", { days: r.policy.retention_days }) : h("span", { class: "muted" }, t("privacy.for_ever"))) },
          { key: "redaction", title: t("privacy.redaction"), show: (r) => summary(r.policy) },
          { key: "regions", title: t("privacy.regions"), show: (r) => (r.policy.regions?.length > 0 ? r.policy.regions.join(", ") : h("span", { class: "muted" }, t("privacy.all_regions"))) },
          { key: "cache", title: t("privacy.cache"), show: (r) => t(`isolation.${r.policy.cache_isolation ?? "project"}`) },
          { key: "actions", title: t("actions"), actions: true, show: (r) => page.may(r.resource) && button(t("change"), { small: true, about: r.name, onclick: () => edit(r) }) },
        ],
      })
    );
  }

  function edit(row) {
    const p = row.policy;
    ask(t("privacy.change", { name: row.name }), {
      intro: t(row.kind === "projects" ? "privacy.change_text" : "privacy.change_bound"),
      wide: true,
      fields: [
        ...SWITCHES.map((k) => ({ name: k, type: "check", label: t(`privacy.${word([row], k)}`), help: t(`privacy.${word([row], k)}_help`), value: p[k] })),
        { name: "retention_days", label: t("privacy.retention_days"), type: "number", value: String(p.retention_days ?? 0), help: t("privacy.retention_help"), more: { min: 0, max: 36500 } },
        { name: "retention_job_days", label: t("privacy.retention_job_days"), type: "number", value: String(p.retention_job_days ?? 0), help: t("privacy.retention_job_help"), more: { min: 0, max: 36500 } },
        { name: "cache_isolation", label: t("privacy.cache"), type: "select", value: p.cache_isolation ?? "project", options: ISOLATIONS.map((r) => [r, t(`isolation.${r}`)]), help: t("privacy.cache_help") },
        { name: "cache_bytes", label: t("privacy.cache_bytes"), type: "number", value: String(p.cache_bytes ?? 0), help: t("privacy.cache_bytes_help"), more: { min: 0 } },
        { name: "cache_seconds", label: t("privacy.cache_seconds"), type: "number", value: String(p.cache_seconds ?? 0), help: t("privacy.cache_seconds_help"), more: { min: 0, max: 31536000 } },
        { name: "regions", label: t("privacy.regions"), optional: true, value: (p.regions ?? []).join(", "), placeholder: "eu, us", help: t("privacy.regions_help") },
        ...fields(p),
      ],
      submit: t("save"),
      send: async (v, close) => {
        await api.privacy.change(row.kind, row.id, {
          ...v,
          ...values(v),
          retention_days: Number(v.retention_days),
          retention_job_days: Number(v.retention_job_days),
          cache_bytes: Number(v.cache_bytes),
          cache_seconds: Number(v.cache_seconds),
          regions: v.regions.split(/[\s,]+/).filter(Boolean),
        });
        close();
        toast(t("saved"));
        refresh();
      },
    });
  }

  put(place, head(t("privacy.title"), t("privacy.text")), notice("info", t("privacy.tighten"), t("privacy.tighten_text")), body);
  await refresh();
}

/* Above projects the switch for content does not store anything; it lets projects do so. */
const word = (rows, k) => (k === "store_prompts" && rows[0] && rows[0].kind !== "projects" ? "may_store" : k);

function under(all, row) {
  return row.kind === "projects" ? t("privacy.org", { org: all.name(row.org) }) : row.kind === "teams" ? `${t("scope.team")} · ${all.name(row.org)}` : t("scope.org");
}

function onOff(on, key, kind) {
  if (key === "store_prompts" && kind !== "projects") {
    return on ? h("span", { class: "muted" }, t("yes")) : badge(t("no"), "good");
  }
  return on ? badge(t("on"), key === "store_prompts" ? "warn" : "good") : h("span", { class: "muted" }, t("off"));
}

/** Keys around what is stored, of each organisation. */
function dataKeys(orgs, page) {
  return h(
    "div",
    { class: "stack" },
    orgs.map((org) => {
      const list = h("div");
      const refresh = () =>
        load(list, async () => {
          const rows = (await api.privacy.dataKeys(org.id)).data;
          return table({
            name: t("privacy.keys_of", { org: org.name }),
            rows,
            off: (k) => Boolean(k.erased_at),
            none: h("p", { class: "muted pad" }, t("privacy.no_keys")),
            columns: [
              { key: "id", title: t("privacy.key"), first: true, show: (k) => h("code", k.id) },
              { key: "state", title: t("status"), show: (k) => (k.erased_at ? badge(t("privacy.key_erased"), "bad") : k.retired_at ? badge(t("privacy.key_retired")) : badge(t("privacy.key_used"), "good")) },
              { key: "created", title: t("created"), show: (k) => day(k.created_at) },
            ],
          });
        });
      refresh();
      return card(
        org.name,
        {
          flush: true,
          note: t("privacy.keys_note"),
          actions:
            page.may("PRIVACY") &&
            button(t("privacy.rotate"), {
              small: true,
              symbol: "refresh",
              about: org.name,
              onclick: () =>
                confirm(t("privacy.rotate_title", { org: org.name }), t("privacy.rotate_text"), {
                  action: t("privacy.rotate"),
                  run: async () => {
                    await api.privacy.rotate(org.id);
                    toast(t("saved"));
                    refresh();
                  },
                }),
            }),
        },
        list
      );
    })
  );
}

/** Shows on a text what redaction would do to it. */
function trial(all, projects) {
  const result = h("div", { "aria-live": "polite" });
  if (projects.length === 0) {
    return card(null, {}, empty("privacy", t("privacy.none"), t("privacy.none_text")));
  }
  const made = form({
    fields: [
      { name: "project", label: t("dimension.project"), type: "select", options: projects.map((p) => [p.id, p.name]) },
      { name: "mode", label: t("privacy.redaction"), type: "select", value: "mask", options: MODES.filter((r) => r !== "off").map((r) => [r, t(`redaction.${r}`)]) },
      { name: "text", label: t("privacy.trial_input"), type: "area", rows: 4, wide: true, required: true, value: t("privacy.trial_example") },
    ],
    submit: t("privacy.try"),
    send: async (v) => {
      const project = all.one(v.project);
      const own = detectors([project, all.one(project.team), all.one(project.org)].map((one) => one?.policy));
      const answer = await api.privacy.trial({ ...v, detectors: own.slice(0, MOST_DETECTORS) });
      const found = Object.entries(answer.counts ?? {});
      put(
        result,
        h("h3", t("privacy.trial_output")),
        answer.blocked ? notice("bad", t("privacy.trial_blocked"), answer.message) : h("pre", { class: "box" }, answer.text),
        h("p", { class: "muted small" }, found.length > 0 ? t("privacy.trial_found", { found: found.map(([name, n]) => `${kind(name)} (${n})`).join(", ") }) : t("privacy.trial_nothing"))
      );
    },
  });
  return card(t("privacy.trial"), { note: t("privacy.trial_text") }, h("div", { class: "stack" }, made.node, result));
}
