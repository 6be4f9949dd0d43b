/* The audit log: search, proof that nothing was altered, export. */

import * as api from "../api.js";
import { h, icon, put, set } from "../dom.js";
import { count, when } from "../format.js";
import { named, t } from "../i18n.js";
import { button, card, copier, dialog, empty, field, head, load, notice } from "../ui.js";
import { pages } from "../table.js";
import { tree } from "../tenancy.js";

export async function show(place, page) {
  const query = page.query;
  const all = await tree();
  const result = h("div");
  const verdict = h("div", { "aria-live": "polite" });
  const file = h("a", { class: "button", download: "" }, icon("save"), t("audit.export"));
  const chains = [["", t("audit.my_chain")], ["system", t("audit.system")], ...all.orgs.map((o) => [o.id, o.name])];
  const fields = [
    { name: "chain", label: t("audit.chain"), type: "select", options: chains },
    { name: "actor", label: t("audit.actor") },
    { name: "action", label: t("audit.action"), placeholder: "key.revoke" },
    { name: "object", label: t("audit.object") },
    { name: "from", label: t("usage.from"), type: "date" },
    { name: "to", label: t("usage.to"), type: "date" },
  ].map((s) => field({ ...s, value: query.get(s.name) ?? "" }));
  const asked = () => {
    const values = Object.fromEntries([...query]);
    for (const key of ["from", "to"]) {
      if (values[key]) {
        values[key] = `${values[key]}T00:00:00Z`;
      }
    }
    return values;
  };
  const refresh = () => {
    set(file, { href: api.audit.file({ chain: query.get("chain") }) });
    return load(result, async () =>
      card(
        null,
        { flush: true },
        await pages({
          list: api.audit.list,
          query: asked(),
          signal: page.signal,
          name: t("audit.title"),
          none: empty("audit", t("audit.none"), query.size > 0 ? t("audit.none_filtered") : t("audit.none_text")),
          columns: [
            { key: "seq", title: t("audit.seq"), end: true, show: (r) => count(r.seq) },
            { key: "time", title: t("requests.time"), first: true, show: (r) => button(when(r.ts ?? r.time), { link: true, label: t("audit.open", { seq: r.seq }), onclick: () => open(r) }) },
            { key: "actor", title: t("audit.actor"), show: (r) => [r.actor, h("span", { class: "sub" }, r.actor_ip)] },
            { key: "action", title: t("audit.action"), show: (r) => [named("audit_action", r.action), h("span", { class: "sub mono" }, r.action)] },
            { key: "object", title: t("audit.object"), show: (r) => h("span", { class: "cut", title: r.object }, r.object) },
            { key: "hash", title: t("audit.hash"), show: (r) => h("code", { title: r.hash }, String(r.hash ?? "").slice(0, 10)) },
          ],
        })
      )
    );
  };
  const verify = button(t("audit.verify"), {
    first: true,
    symbol: "check",
    onclick: async () => {
      verify.disabled = true;
      await load(verdict, async () => judge(await api.audit.verify({ chain: query.get("chain") || undefined })));
      verify.disabled = false;
    },
  });
  const search = h(
    "form",
    {
      class: "filters",
      role: "search",
      onsubmit: (e) => {
        e.preventDefault();
        page.keep(Object.fromEntries(fields.map((f) => [f.spec.name, f.get()])));
        refresh();
      },
    },
    fields.map((f) => f.node),
    button(t("search"), { type: "submit", symbol: "search" })
  );
  put(place, head(t("audit.title"), t("audit.text"), file, verify), verdict, card(null, {}, search), result);
  await refresh();
}

/** What the verifier found, for one chain or several. */
function judge(answer) {
  const chains = answer.chains ?? answer.data ?? [answer];
  return h(
    "div",
    { class: "stack tight" },
    chains.map((r) => {
      const bad = r.first_bad_seq ?? r.bad_seq ?? null;
      const ok = r.ok ?? r.valid ?? bad === null;
      const name = r.chain ? `${r.chain}: ` : "";
      return ok
        ? notice("good", name + t("audit.sound"), t("audit.sound_text", { events: count(r.events ?? r.checked ?? r.seq ?? 0), checkpoints: count(r.checkpoints ?? r.signatures ?? 0) }))
        : notice("bad", name + t("audit.unsound", { seq: bad ?? "?" }), r.message ?? r.reason, t("audit.unsound_text"));
    })
  );
}

function pretty(value) {
  return typeof value === "string" ? value : JSON.stringify(value, null, 2);
}

function open(r) {
  const side = (name, value) => value !== null && value !== undefined && h("div", h("h3", name), h("pre", { class: "box", tabindex: "0", role: "region", "aria-label": name }, pretty(value)));
  dialog(
    t("audit.one", { seq: r.seq }),
    (close) => ({
      body: [
        h(
          "dl",
          { class: "facts" },
          [
            [t("requests.time"), when(r.ts ?? r.time)],
            [t("audit.actor"), `${r.actor} ${r.actor_ip ? `(${r.actor_ip})` : ""}`],
            [t("audit.action"), r.action],
            [t("audit.object"), r.object],
            [t("request_id"), r.request_id],
          ].map(([k, v]) => v && [h("dt", k), h("dd", v)])
        ),
        h("div", { class: "grid" }, side(t("audit.before"), r.before), side(t("audit.after"), r.after)),
        h("h3", t("audit.hashes")),
        h("p", { class: "small muted" }, t("audit.hashes_text")),
        h("dl", { class: "facts" }, h("dt", t("audit.previous")), h("dd", { class: "mono" }, r.prev_hash ?? "–"), h("dt", t("audit.hash")), h("dd", { class: "mono" }, r.hash ?? "–")),
        copier(() => pretty(r)),
      ],
      footer: [button(t("close"), { onclick: close })],
    }),
    { wide: true }
  );
}
