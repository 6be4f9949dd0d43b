/* The capacity planner: what the hardware can carry, from measured costs and simulated load. */

import * as api from "../api.js";
import { meter } from "../chart.js";
import { h, put } from "../dom.js";
import { brief, count, lasted, percent } from "../format.js";
import { t } from "../i18n.js";
import { card, empty, form, head, load, notice, snippet } from "../ui.js";
import { table } from "../table.js";

const COMMAND = "hadal capacity calibrate --model MODEL --out DATA/costs.json";

export async function show(place, page) {
  const body = h("div", { class: "stack" });
  put(place, head(t("capacity.title"), t("capacity.text")), body);
  await load(body, async () => {
    const { calibrated, costs } = await api.capacity.costs();
    if (page.signal.aborted) {
      return [];
    }
    return calibrated ? planner(costs) : uncalibrated();
  });
}

/** Nothing can be said before this machine was measured; says how. */
function uncalibrated() {
  return card(
    t("capacity.uncalibrated"),
    { note: t("capacity.uncalibrated_text") },
    h("div", { class: "stack tight" }, h("p", { class: "muted small" }, t("capacity.command")), snippet(COMMAND, t("capacity.command")))
  );
}

function planner(costs) {
  const result = h("div", { "aria-live": "polite" }, card(null, {}, empty("capacity", t("capacity.ready"), t("capacity.ready_text"))));
  const made = form({
    fields: [
      number("rate", t("capacity.rate"), "60", null, { min: 0.1, step: "any" }),
      number("prompt_tokens", t("capacity.prompt"), "4000", t("capacity.prompt_help"), { min: 1 }),
      number("cached", t("capacity.cached"), "60", t("capacity.cached_help"), { min: 0, max: 100 }),
      number("output_tokens", t("capacity.output"), "400", null, { min: 1 }),
      number("growth", t("capacity.growth"), "2", t("capacity.growth_help"), { min: 0.1, step: "any" }),
      number("ttft_seconds", t("capacity.slo_first"), "2000", t("capacity.slo_help"), { min: 1 }),
      number("tpot_seconds", t("capacity.slo_token"), "100", t("capacity.slo_token_help"), { min: 1 }),
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
      });
      put(result, verdict(plan, Number(v.cached) / 100));
    },
  });
  return [
    card(t("capacity.workload"), { note: t("capacity.workload_note") }, made.node),
    result,
    h("p", { class: "muted small" }, t("capacity.measured", { model: costs.model, host: costs.host, residual: percent(costs.residual ?? 0) })),
  ];
}

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
        { flush: true, note: t("capacity.result_note") },
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
        { flush: true, note: t("capacity.by_cached_note", { cached: percent(cached) }) },
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
