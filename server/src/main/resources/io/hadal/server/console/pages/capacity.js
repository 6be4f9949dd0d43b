/* The capacity planner: what the hardware can carry, from measured costs and simulated load. */

import * as api from "../api.js";
import { meter } from "../chart.js";
import { h, icon, put, set } from "../dom.js";
import { brief, count, lasted, percent, when } from "../format.js";
import { named, t } from "../i18n.js";
import { badge, card, empty, form, head, load, notice, snippet } from "../ui.js";
import { table } from "../table.js";

const COMMAND = "hadal capacity calibrate --model MODEL --out DATA/costs.json";

export async function show(place, page) {
  const body = h("div", { class: "stack" });
  put(place, head(t("capacity.title"), t("capacity.text")), body);
  await load(body, async () => {
    const { calibrated, costs, live } = await api.capacity.costs();
    if (page.signal.aborted) {
      return [];
    }
    return calibrated || live?.costs ? planner(costs ?? live.costs, live) : uncalibrated(live);
  });
}

/** Nothing can be said before this machine was measured; says how. */
function uncalibrated(live) {
  return card(
    t("capacity.uncalibrated"),
    { note: [t("capacity.uncalibrated_text"), live ? ` ${t("capacity.learning", { steps: count(live.steps) })}` : null] },
    h("div", { class: "stack tight" }, h("p", { class: "muted small" }, t("capacity.command")), snippet(COMMAND, t("capacity.command")))
  );
}

function planner(costs, live) {
  const result = h("div", { class: "stack", "aria-live": "polite" }, card(null, {}, empty("capacity", t("capacity.ready"), t("capacity.ready_text"))));
  const made = form({
    fields: [
      number("rate", t("capacity.rate"), "60", null, { min: 0.1, step: "any" }),
      number("prompt_tokens", t("capacity.prompt"), "4000", t("capacity.prompt_help"), { min: 1 }),
      number("cached", t("capacity.cached"), "60", t("capacity.cached_help"), { min: 0, max: 100 }),
      number("output_tokens", t("capacity.output"), "400", null, { min: 1 }),
      number("growth", t("capacity.growth"), "2", t("capacity.growth_help"), { min: 0.1, step: "any" }),
      number("ttft_seconds", t("capacity.slo_first"), "2000", t("capacity.slo_help"), { min: 1 }),
      number("tpot_seconds", t("capacity.slo_token"), "100", t("capacity.slo_token_help"), { min: 1 }),
      number("tenant_share", t("capacity.tenant_share"), "12.5", t("capacity.tenant_share_help"), { min: 1, max: 90, step: "any" }),
      number("tenant_growth", t("capacity.tenant_growth"), "2", t("capacity.tenant_growth_help"), { min: 0, max: 100, step: "any" }),
      maybe("recorded_hours", t("capacity.recorded"), t("capacity.recorded_help"), { min: 1, max: 8784 }),
      maybe("usd_per_hour", t("capacity.usd_per_hour"), t("capacity.usd_per_hour_help"), { min: 0, step: "any" }),
      maybe("routed_prompt_usd", t("capacity.routed_prompt"), t("capacity.routed_help"), { min: 0, step: "any" }),
      maybe("routed_cached_usd", t("capacity.routed_cached"), null, { min: 0, step: "any" }),
      maybe("routed_output_usd", t("capacity.routed_output"), null, { min: 0, step: "any" }),
    ],
    submit: t("capacity.simulate"),
    send: async (v) => {
      const plan = await api.capacity.plan({
        rate: Number(v.rate) / 60,
        growth: Number(v.growth),
        prompt_tokens: Number(v.prompt_tokens),
        output_tokens: Number(v.output_tokens),
        cached: Number(v.cached) / 100,
        ttft_seconds: Number(v.ttft_seconds) / 1000,
        tpot_seconds: Number(v.tpot_seconds) / 1000,
        tenant_share: Number(v.tenant_share) / 100,
        tenant_growth: Number(v.tenant_growth),
        ...Object.fromEntries(OPTIONAL.filter((name) => v[name] !== "").map((name) => [name, Number(v[name])])),
        // What was recorded says itself how large requests are and what was cached.
        ...(v.recorded_hours !== "" && { cached: undefined }),
      });
      put(result, verdict(plan, v.recorded_hours === "" ? Number(v.cached) / 100 : null), whatIfs(plan, v.recorded_hours !== ""));
    },
  });
  return [
    card(t("capacity.workload"), { note: t("capacity.workload_note") }, made.node),
    result,
    learnt(live),
    h("p", { class: "muted small" }, t("capacity.measured", { model: costs.model, host: costs.host, residual: percent(costs.residual ?? 0) })),
  ];
}

/** How far steps were from what had been predicted of them. */
function learnt(live) {
  const rows = live?.errors.filter((one) => one.calibrated || one.live) ?? [];
  const distance = (of) => ({ key: of, title: t(`capacity.error_${of}`), end: true, show: (s) => (s[of] ? t("capacity.error", { median: percent(s[of].median), p95: percent(s[of].p95) }) : "–") });
  return (
    rows.length > 0 &&
    card(
      t("capacity.learnt"),
      { flush: true, note: t("capacity.learnt_note", { steps: count(live.steps), since: when(live.since) }) },
      table({
        name: t("capacity.learnt"),
        rows,
        columns: [
          { key: "kind", title: t("capacity.steps"), first: true, show: (s) => named("step_kind", s.kind) },
          distance("calibrated"),
          distance("live"),
          { key: "ratio", title: t("capacity.ratio"), end: true, show: (s) => (s.calibrated ? brief(s.calibrated.ratio) : "–") },
        ],
      })
    )
  );
}

const OPTIONAL = ["recorded_hours", "usd_per_hour", "routed_prompt_usd", "routed_cached_usd", "routed_output_usd"];

const maybe = (name, label, help, more) => ({ ...number(name, label, "", help, more), required: false });

const number = (name, label, value, help, more) => ({ name, label, type: "number", value, help, required: true, more, check: (v) => (Number(v) >= more.min && Number(v) <= (more.max ?? Infinity) ? null : t("capacity.number_wrong", { least: more.min })) });

const minute = (perSecond) => brief(perSecond * 60);

function verdict(plan, cached) {
  const [now, grown] = [plan.replicas[0], plan.replicas.at(-1)];
  const impossible = now.replicas === 0;
  return h(
    "div",
    { class: "stack" },
    impossible
      ? notice("bad", t("capacity.impossible"), t("capacity.impossible_text"))
      : notice(now.replicas === 1 ? "good" : "warn", answer(now, grown), t("capacity.most", { rate: minute(plan.most_per_replica) }), headroom(plan)),
    !impossible &&
      card(
        t("capacity.result"),
        { flush: true, note: `${t("capacity.result_note")} ${t(`capacity.by_${plan.costs}`)}` },
        table({
          name: t("capacity.result"),
          rows: plan.replicas.map((one, i) => ({ ...one, grown: i > 0 })),
          columns: [
            { key: "name", title: t("capacity.scenario"), first: true, show: (s) => [t("capacity.a_minute", { rate: minute(s.rate) }), h("span", { class: "sub" }, t(s.grown ? "capacity.grown" : "capacity.asked"))] },
            { key: "replicas", title: t("capacity.replicas"), end: true, show: (s) => (s.replicas > 0 ? count(s.replicas) : t("capacity.none_keeps")) },
            { key: "ttft", title: t("measure.ttft"), end: true, show: (s) => seconds(s.estimate?.ttft_p95_seconds) },
            { key: "tpot", title: t("measure.tpot"), end: true, show: (s) => seconds(s.estimate?.tpot_p95_seconds) },
            { key: "queue", title: t("capacity.queue"), end: true, show: (s) => seconds(s.estimate?.queue_p95_seconds) },
            { key: "rejected", title: t("capacity.rejected"), end: true, show: (s) => percent(s.estimate?.refused) },
            { key: "busy", title: t("capacity.busy"), show: (s) => (s.estimate ? meter(s.estimate.utilisation, { label: percent(s.estimate.utilisation) }) : "–") },
          ],
        })
      ),
    plan.by_cached.some((s) => s.most_per_replica > 0) &&
      card(
        t("capacity.by_cached"),
        { flush: true, note: cached === null ? t("capacity.by_cached_recorded") : t("capacity.by_cached_note", { cached: percent(cached) }) },
        table({
          name: t("capacity.by_cached"),
          rows: plan.by_cached,
          columns: [
            { key: "cached", title: t("capacity.from_cache"), first: true, show: (s) => percent(s.cached) },
            { key: "most", title: t("capacity.most_each"), end: true, show: (s) => (s.most_per_replica > 0 ? minute(s.most_per_replica) : t("capacity.not_one")) },
          ],
        })
      )
  );
}

/** What a change would do: steps of another size, another model, a tenant that grows, an upstream. */
function whatIfs(plan, recorded) {
  const most = { key: "most", title: t("capacity.most_each"), end: true, show: (s) => (s.most_per_replica > 0 ? minute(s.most_per_replica) : t("capacity.not_one")) };
  const waits = (of) => [
    { key: "ttft", title: t("measure.ttft"), end: true, show: (s) => seconds(of(s)?.ttft_p95_seconds) },
    { key: "tpot", title: t("measure.tpot"), end: true, show: (s) => seconds(of(s)?.tpot_p95_seconds) },
    { key: "rejected", title: t("capacity.rejected"), end: true, show: (s) => percent(of(s)?.refused) },
  ];
  const grown = plan.tenant;
  return h(
    "div",
    { class: "stack" },
    grown &&
      card(
        t("capacity.grows"),
        {
          flush: true,
          note: t(grown.replicas > 0 ? "capacity.grows_note" : "capacity.grows_never", { tenant: recorded ? grown.tenant : t("capacity.grows_one"), share: percent(grown.share), factor: brief(grown.factor), rate: minute(grown.rate), replicas: count(grown.replicas) }),
        },
        table({
          name: t("capacity.grows"),
          rows: [
            { who: t("capacity.grows_it"), estimate: grown.tenant_sees },
            { who: t("capacity.grows_others"), estimate: grown.others_see },
          ],
          columns: [{ key: "who", title: t("capacity.who"), first: true, show: (s) => s.who }, ...waits((s) => s.estimate)],
        })
      ),
    card(
      t("capacity.by_steps"),
      { flush: true, note: t("capacity.by_steps_note") },
      table({
        name: t("capacity.by_steps"),
        rows: plan.by_step_tokens,
        columns: [{ key: "step", title: t("capacity.step_tokens"), first: true, show: (s) => count(s.step_tokens) }, most, ...waits((s) => s.estimate)],
      })
    ),
    plan.by_model.length > 0 &&
      card(
        t("capacity.by_model"),
        { flush: true, note: t("capacity.by_model_note") },
        table({
          name: t("capacity.by_model"),
          rows: plan.by_model,
          columns: [
            { key: "model", title: t("capacity.model"), first: true, show: (s) => [s.model, h("span", { class: "sub" }, s.host)] },
            most,
            { key: "replicas", title: t("capacity.replicas"), end: true, show: (s) => (s.replicas > 0 ? count(s.replicas) : t("capacity.none_keeps")) },
          ],
        })
      ),
    plan.mixes &&
      card(
        t("capacity.mix"),
        { flush: true, note: t("capacity.mix_note", { replicas: count(plan.cheapest) }) },
        table({
          name: t("capacity.mix"),
          rows: plan.mixes,
          columns: [
            { key: "replicas", title: t("capacity.replicas"), first: true, show: (s) => [count(s.replicas), s.replicas === plan.cheapest && [" ", badge(t("capacity.cheapest"), "good")]] },
            { key: "routed", title: t("capacity.routed"), end: true, show: (s) => percent(s.routed) },
            { key: "usd", title: t("capacity.usd_hour"), end: true, show: (s) => s.usd_per_hour.toFixed(2) },
          ],
        })
      ),
    h("div", { class: "row" }, set(h("a", { class: "button", download: "capacity.csv" }, icon("save"), t("capacity.csv")), { href: URL.createObjectURL(new Blob([csv(plan)], { type: "text/csv" })) }))
  );
}

/** The figures of a plan, a line for each. */
function csv(plan) {
  const lines = [["question", "value", "replicas", "most_per_replica", "ttft_p95_s", "tpot_p95_s", "refused", "routed", "usd_per_hour"]];
  const add = (question, value, { replicas = "", most_per_replica = "", routed = "", usd_per_hour = "" }, e) => lines.push([question, value, replicas, most_per_replica, e?.ttft_p95_seconds ?? "", e?.tpot_p95_seconds ?? "", e?.refused ?? "", routed, usd_per_hour]);
  plan.replicas.forEach((one) => add("rate_per_second", one.rate, one, one.estimate));
  add("most_of_one", "", plan);
  plan.by_cached.forEach((one) => add("cached", one.cached, one));
  plan.by_step_tokens.forEach((one) => add("step_tokens", one.step_tokens, one, one.estimate));
  plan.by_model.forEach((one) => add("model", one.model, one));
  if (plan.tenant) {
    add("tenant_grows", plan.tenant.factor, { replicas: plan.tenant.replicas }, plan.tenant.tenant_sees);
    add("tenant_grows_others", plan.tenant.factor, {}, plan.tenant.others_see);
  }
  plan.mixes?.forEach((one) => add("mix", "", one));
  return lines.map((line) => `${line.map(cell).join(",")}\r\n`).join("");
}

/* Spreadsheets take some beginnings for formulas. */
const cell = (value) => (typeof value === "string" && value !== "" ? `"${value.replace(/^(?=[=+@\t-])/, "'").replaceAll('"', '""')}"` : value);

function answer(now, grown) {
  return now === grown || grown.rate === now.rate
    ? t("capacity.needed", { replicas: count(now.replicas) })
    : t("capacity.needed_both", { now: count(now.replicas), grown: grown.replicas > 0 ? count(grown.replicas) : "–", rate: minute(grown.rate) });
}

/* Below zero one replica is not enough. */
function headroom(plan) {
  return plan.headroom > 0 ? t("capacity.headroom", { share: percent(plan.headroom, 0) }) : null;
}

const seconds = (value) => lasted(value === undefined ? undefined : value * 1000);
