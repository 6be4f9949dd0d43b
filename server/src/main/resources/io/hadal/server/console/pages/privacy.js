/* What may happen with the content of each project, side by side. */

import * as api from "../api.js";
import { h, put } from "../dom.js";
import { t } from "../i18n.js";
import { ask, badge, button, card, empty, form, head, load, notice, toast } from "../ui.js";
import { table } from "../table.js";
import { tree } from "../tenancy.js";

const SWITCHES = ["store_prompts", "zdr", "phi"];
const REDACTIONS = ["off", "detect", "mask", "pseudonymise", "block"];
const ISOLATIONS = ["project", "key", "user"];

export async function show(place, page) {
  const body = h("div", { class: "stack" });
  const refresh = () =>
    load(body, async () => {
      const [all, rows] = await Promise.all([tree(), api.all(api.privacy.list)]);
      return card(
        null,
        { flush: true },
        table({
          name: t("privacy.title"),
          rows,
          none: empty("privacy", t("privacy.none"), t("privacy.none_text")),
          columns: [
            { key: "project", title: t("dimension.project"), first: true, sort: (r) => name(all, r), show: (r) => [name(all, r), h("span", { class: "sub" }, t("privacy.org", { org: all.name(r.org) }))] },
            ...SWITCHES.map((k) => ({ key: k, title: t(`privacy.${k}`), show: (r) => onOff(of(r)[k], k) })),
            { key: "retention", title: t("privacy.retention"), show: (r) => (Number(of(r).retention_days) > 0 ? t("privacy.days", { days: of(r).retention_days }) : h("span", { class: "muted" }, t("privacy.for_ever"))) },
            { key: "redaction", title: t("privacy.redaction"), show: (r) => (of(r).redaction && of(r).redaction !== "off" ? badge(t(`redaction.${of(r).redaction}`), "info", true) : h("span", { class: "muted" }, t("redaction.off"))) },
            { key: "regions", title: t("privacy.regions"), show: (r) => (of(r).regions?.length > 0 ? of(r).regions.join(", ") : h("span", { class: "muted" }, t("privacy.all_regions"))) },
            { key: "cache", title: t("privacy.cache"), show: (r) => t(`isolation.${of(r).cache_isolation ?? "project"}`) },
            { key: "actions", title: t("actions"), actions: true, show: (r) => page.may("PRIVACY") && button(t("change"), { small: true, about: name(all, r), onclick: () => edit(all, r) }) },
          ],
        })
      );
    });

  function edit(all, row) {
    const p = row.policy;
    ask(t("privacy.change", { name: name(all, row) }), {
      intro: t("privacy.change_text"),
      wide: true,
      fields: [
        ...SWITCHES.map((k) => ({ name: k, type: "check", label: t(`privacy.${k}`), help: t(`privacy.${k}_help`), value: p[k] })),
        { name: "retention_days", label: t("privacy.retention_days"), type: "number", value: p.retention_days ?? 0, help: t("privacy.retention_help"), more: { min: 0, max: 36500 } },
        { name: "redaction", label: t("privacy.redaction"), type: "select", value: p.redaction ?? "off", options: REDACTIONS.map((r) => [r, t(`redaction.${r}`)]), help: t("privacy.redaction_help") },
        { name: "cache_isolation", label: t("privacy.cache"), type: "select", value: p.cache_isolation ?? "project", options: ISOLATIONS.map((r) => [r, t(`isolation.${r}`)]), help: t("privacy.cache_help") },
        { name: "regions", label: t("privacy.regions"), optional: true, value: (p.regions ?? []).join(", "), placeholder: "eu, us", help: t("privacy.regions_help") },
      ],
      submit: t("save"),
      send: async (v, close) => {
        await api.privacy.change(row.project, {
          ...v,
          retention_days: Number(v.retention_days),
          regions: v.regions.split(/[\s,]+/).filter(Boolean),
        });
        close();
        toast(t("saved"));
        refresh();
      },
    });
  }

  put(place, head(t("privacy.title"), t("privacy.text")), notice("info", t("privacy.tighten"), t("privacy.tighten_text")), body, trial());
  await refresh();
}

/* The policy that holds, with what the organisation demands. */
const of = (row) => row.effective ?? row.policy;
const name = (all, row) => (all.name(row.project) === row.project ? row.slug ?? row.project : all.name(row.project));

/** Shows on a text what redaction would do to it. */
function trial() {
  const result = h("div", { "aria-live": "polite" });
  const made = form({
    fields: [
      { name: "mode", label: t("privacy.redaction"), type: "select", value: "mask", options: REDACTIONS.filter((r) => r !== "off").map((r) => [r, t(`redaction.${r}`)]) },
      { name: "text", label: t("privacy.trial_input"), type: "area", rows: 4, wide: true, required: true, value: t("privacy.trial_example") },
    ],
    submit: t("privacy.try"),
    send: async (v) => {
      const answer = await api.privacy.trial(v);
      const found = Object.entries(answer.counts ?? {});
      put(
        result,
        h("h3", t("privacy.trial_output")),
        answer.blocked ? notice("bad", t("privacy.trial_blocked"), answer.message) : h("pre", { class: "box" }, answer.text),
        h("p", { class: "muted small" }, found.length > 0 ? t("privacy.trial_found", { found: found.map(([kind, n]) => `${kind} ${n}`).join(", ") }) : t("privacy.trial_nothing"))
      );
    },
  });
  return card(t("privacy.trial"), { note: t("privacy.trial_text") }, h("div", { class: "stack" }, made.node, result));
}

function onOff(on, key) {
  return on ? badge(t("on"), key === "store_prompts" ? "warn" : "good") : h("span", { class: "muted" }, t("off"));
}
