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
  // Only who may read all of it learns of all chains; others have that of their organisation.
  const seen = await api.audit.chains().then((a) => a.data.map((c) => c.chain), () => all.orgs.map((o) => o.id));
  const chains = seen.map((c) => [c, c === "system" ? t("audit.system") : all.name(c)]);
  const chain = () => (query.get("chain") || (page.me.org ?? seen[0])) ?? null;
  const org = () => (chain() === "system" ? null : chain());
  const fields = [
    { name: "chain", label: t("audit.chain"), type: "select", options: chains },
    { name: "actor", label: t("audit.actor") },
    { name: "action", label: t("audit.action"), placeholder: "key.remove" },
    { name: "object", label: t("audit.object") },
    { name: "from", label: t("usage.from"), type: "date" },
    { name: "until", label: t("usage.to"), type: "date" },
  ].map((s) => field({ ...s, value: s.name === "chain" ? chain() : query.get(s.name) ?? "" }));
  const asked = () => {
    const { chain: _, ...values } = Object.fromEntries([...query]);
    values.org = org();
    for (const key of ["from", "until"]) {
      if (values[key]) {
        values[key] = `${values[key]}T00:00:00Z`;
      }
    }
    return values;
  };
  const refresh = () => {
    set(file, { href: api.audit.file({ org: org() }) });
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
            { key: "time", title: t("requests.time"), first: true, show: (r) => button(when(r.ts ?? r.time), { link: true, onclick: () => open(r) }) },
            { key: "actor", title: t("audit.actor"), show: (r) => [who(r), h("span", { class: "sub" }, plain(r.actor_ip))] },
            { key: "action", title: t("audit.action"), show: (r) => [doing(r.action), h("span", { class: "sub mono" }, r.action)] },
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
      await load(verdict, async () => judge(await api.audit.verify(), all));
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

/** What the verifier found, with every fault that this person may see. */
function judge(answer, all) {
  if (answer.ok) {
    return notice("good", t("audit.sound"), t("audit.sound_text", { events: count(answer.events), chains: count(answer.chains), checkpoints: count(answer.checkpoints) }));
  }
  return notice(
    "bad",
    t("audit.unsound"),
    h("ul", { class: "lines" }, (answer.faults ?? []).slice(0, 20).map((f) => h("li", h("b", f.chain === "system" ? t("audit.system") : all.name(f.chain)), h("span", t("audit.fault", { seq: f.seq, why: f.why }))))),
    t("audit.unsound_text")
  );
}

/** An action such as key.revoke in words. */
function doing(action) {
  const [what, ...rest] = String(action).split(".");
  return `${named("resource", what)}: ${named("verb", rest.join("."))}`;
}

/* Personal values that were deleted leave an object with their commitment behind. */
const plain = (value) => (typeof value === "string" ? value : "");
const who = (r) => plain(r.actor_name) || r.actor;

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
            [t("audit.actor"), `${who(r)} ${plain(r.actor_ip)}`],
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
