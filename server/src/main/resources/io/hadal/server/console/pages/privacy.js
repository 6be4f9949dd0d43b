/* What may happen with the content of each project, side by side. */

import * as api from "../api.js";
import { h, put } from "../dom.js";
import { t } from "../i18n.js";
import { ask, badge, button, card, empty, head, load, notice, toast } from "../ui.js";
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
            { key: "project", title: t("dimension.project"), first: true, sort: (r) => name(all, r), show: (r) => [name(all, r), h("span", { class: "sub" }, t("privacy.org", { org: all.name(r.org_id) }))] },
            ...SWITCHES.map((k) => ({ key: k, title: t(`privacy.${k}`), show: (r) => onOff(of(r)[k], k) })),
            { key: "retention", title: t("privacy.retention"), show: (r) => (Number(of(r).retention_days) > 0 ? t("privacy.days", { days: of(r).retention_days }) : h("span", { class: "muted" }, t("privacy.for_ever"))) },
            { key: "redaction", title: t("privacy.redaction"), show: (r) => (of(r).redaction && of(r).redaction !== "off" ? badge(t(`redaction.${of(r).redaction}`), "info", true) : h("span", { class: "muted" }, t("redaction.off"))) },
            { key: "regions", title: t("privacy.regions"), show: (r) => (of(r).regions?.length > 0 ? of(r).regions.join(", ") : h("span", { class: "muted" }, t("privacy.all_regions"))) },
            { key: "cache", title: t("privacy.cache"), show: (r) => t(`isolation.${of(r).cache_isolation ?? "project"}`) },
            { key: "actions", title: t("actions"), actions: true, show: (r) => page.may("PRIVACY") && button(t("change"), { small: true, label: t("privacy.change", { name: name(all, r) }), onclick: () => edit(all, r) }) },
          ],
        })
      );
    });

  function edit(all, row) {
    const p = of(row);
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
        await api.privacy.change(row.project_id ?? row.id, {
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

  put(place, head(t("privacy.title"), t("privacy.text")), notice("info", t("privacy.tighten"), t("privacy.tighten_text")), body);
  await refresh();
}

/* The policy that holds, with what the organisation demands. */
const of = (row) => row.effective ?? row.policy ?? row;
const name = (all, row) => row.project_name ?? row.name ?? all.name(row.project_id ?? row.id);

function onOff(on, key) {
  return on ? badge(t("on"), key === "store_prompts" ? "warn" : "good") : h("span", { class: "muted" }, t("off"));
}
