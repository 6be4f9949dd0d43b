/* The capacity planner: what the hardware can carry, from measured costs and simulated load. */

import * as api from "../api.js";
import { meter } from "../chart.js";
import { h, put } from "../dom.js";
import { brief, count, lasted, percent } from "../format.js";
import { t } from "../i18n.js";
import { card, empty, form, head, notice, problem } from "../ui.js";
import { table } from "../table.js";

export async function show(place, page) {
  const result = h("div", { "aria-live": "polite" });
  const made = form({
    fields: [
      { name: "requests_per_minute", label: t("capacity.rate"), type: "number", value: "60", required: true, more: { min: 0.1, step: "any" } },
      { name: "prompt_tokens", label: t("capacity.prompt"), type: "number", value: "4000", required: true, more: { min: 1 } },
      { name: "cache_hit_percent", label: t("capacity.cached"), type: "number", value: "60", help: t("capacity.cached_help"), more: { min: 0, max: 100 } },
      { name: "output_tokens", label: t("capacity.output"), type: "number", value: "400", required: true, more: { min: 1 } },
      { name: "growth", label: t("capacity.growth"), type: "number", value: "2", help: t("capacity.growth_help"), more: { min: 0.1, step: "any" } },
      { name: "ttft_ms", label: t("capacity.slo_first"), type: "number", value: "2000", help: t("capacity.slo_help"), more: { min: 1 } },
      { name: "tpot_ms", label: t("capacity.slo_token"), type: "number", value: "100", more: { min: 1 } },
    ],
    submit: t("capacity.simulate"),
    send: async (v) => {
      const answer = await api.capacity({
        workload: {
          requests_per_second: Number(v.requests_per_minute) / 60,
          prompt_tokens: Number(v.prompt_tokens),
          cache_hit_ratio: Number(v.cache_hit_percent) / 100,
          output_tokens: Number(v.output_tokens),
        },
        growth: Number(v.growth),
        slo: { ttft_p95_ms: Number(v.ttft_ms), tpot_p95_ms: Number(v.tpot_ms) },
      }).catch((error) => {
        if (error.status === 404) {
          put(result, card(null, {}, empty("capacity", t("capacity.missing"), t("capacity.missing_text"))));
          return null;
        }
        throw error;
      });
      if (answer) {
        try {
          put(result, verdict(answer));
        } catch (error) {
          put(result, problem(error));
        }
      }
    },
  });
  put(place, head(t("capacity.title"), t("capacity.text")), card(t("capacity.workload"), { note: t("capacity.workload_note") }, made.node), result);
  if (page.signal.aborted) {
    return;
  }
  put(result, card(null, {}, empty("capacity", t("capacity.ready"), t("capacity.ready_text"))));
}

function verdict(r) {
  const scenarios = r.scenarios ?? [r];
  const needed = r.replicas_needed ?? r.replicas;
  return h(
    "div",
    { class: "stack" },
    needed !== undefined && notice(needed <= 1 ? "good" : "warn", t("capacity.needed", { replicas: count(needed) }), r.max_requests_per_second !== undefined && t("capacity.most", { rate: brief(r.max_requests_per_second * 60) })),
    card(
      t("capacity.result"),
      { flush: true },
      table({
        name: t("capacity.result"),
        rows: scenarios,
        columns: [
          { key: "name", title: t("capacity.scenario"), first: true, show: (s) => s.name ?? t("capacity.asked") },
          { key: "ttft", title: t("measure.ttft"), end: true, show: (s) => lasted(s.ttft_p95_ms) },
          { key: "tpot", title: t("measure.tpot"), end: true, show: (s) => lasted(s.tpot_p95_ms) },
          { key: "queue", title: t("capacity.queue"), end: true, show: (s) => lasted(s.queue_p95_ms) },
          { key: "rejected", title: t("capacity.rejected"), end: true, show: (s) => percent(s.rejected_ratio) },
          { key: "busy", title: t("capacity.busy"), show: (s) => meter(s.utilisation ?? s.utilization ?? 0, { label: percent(s.utilisation ?? s.utilization ?? 0) }) },
        ],
      })
    )
  );
}
