/* The engine at this moment: who runs, who waits, what memory holds. */

import * as api from "../api.js";
import { chart, meter } from "../chart.js";
import { h, put, say } from "../dom.js";
import { brief, bytes, count, percent } from "../format.js";
import { named, t } from "../i18n.js";
import { card, head, problem } from "../ui.js";
import { table } from "../table.js";

const EVERY = 2000;
/* Five minutes; kept over visits to the page. */
const SAMPLES = 150;
const kept = { times: [], generated: [], prompt: [], running: [], waiting: [] };

export async function show(place, page) {
  const failure = h("div", { "aria-live": "polite" });
  const tiles = Object.fromEntries(["running", "waiting", "batch", "speed", "prefill"].map((k) => [k, tile(t(`engine.${k}`))]));
  const speed = chart({ label: t("engine.speed_chart"), format: brief, height: 200 });
  const load = chart({ label: t("engine.load_chart"), format: brief, height: 200 });
  const queues = h("div");
  const memory = h("div");
  const refresh = async () => {
    try {
      const now = await api.overview(page.signal);
      sample(now);
      draw(now);
      failure.replaceChildren();
    } catch (error) {
      if (error.name !== "AbortError" && !page.signal.aborted) {
        put(failure, problem(error, refresh));
      }
    }
  };

  function draw(now) {
    tiles.running.say(count(now.running), t("engine.active", { active: count(now.active_requests) }));
    tiles.waiting.say(count(now.waiting), t("engine.waiting_note"));
    tiles.batch.say(brief(now.batch_size), t("engine.batch_note"));
    tiles.speed.say(brief(now.tokens_per_second), t("engine.per_second"));
    tiles.prefill.say(brief(now.prefill_per_second), t("engine.per_second"));
    speed.update({
      times: kept.times,
      series: [
        { name: t("overview.generated"), values: kept.generated },
        { name: t("overview.read"), values: kept.prompt },
      ],
    });
    load.update({
      times: kept.times,
      series: [
        { name: t("engine.running"), values: kept.running },
        { name: t("engine.waiting"), values: kept.waiting },
      ],
    });
    const classes = ["fim", "interactive", "agent", "batch", "shadow"];
    const seen = [...new Set([...classes, ...Object.keys(now.queues)])];
    put(
      queues,
      table({
        name: t("engine.queues"),
        rows: seen,
        columns: [
          { key: "class", title: t("engine.class"), first: true, show: (c) => [named("class", c), h("span", { class: "sub" }, t(`class_text.${c}`))] },
          { key: "waiting", title: t("engine.waiting"), end: true, show: (c) => count(now.queues[c] ?? 0) },
        ],
      })
    );
    const share = now.kv_cache_budget_bytes > 0 ? now.kv_cache_bytes / now.kv_cache_budget_bytes : 0;
    put(
      memory,
      h(
        "dl",
        { class: "facts" },
        h("dt", t("engine.kv")),
        h("dd", meter(share, { tone: share > 0.9 ? "warn" : "", label: t("engine.kv_label", { share: percent(share, 0) }) }), h("span", { class: "sub" }, now.kv_cache_budget_bytes > 0 ? t("engine.of", { used: bytes(now.kv_cache_bytes), all: bytes(now.kv_cache_budget_bytes) }) : bytes(now.kv_cache_bytes))),
        h("dt", t("engine.prefix_memory")),
        h("dd", bytes(now.prefix_memory_bytes)),
        h("dt", t("engine.prefix_disk")),
        h("dd", bytes(now.prefix_disk_bytes))
      )
    );
  }

  put(
    place,
    head(t("engine.title"), t("engine.text")),
    failure,
    h("div", { class: "tiles" }, Object.values(tiles).map((one) => one.node)),
    h(
      "div",
      { class: "grid two" },
      card(t("engine.speed_chart"), { note: t("overview.engine_note") }, speed.node),
      card(t("engine.load_chart"), { note: t("engine.load_note") }, load.node),
      card(t("engine.queues"), { flush: true, note: t("engine.queues_note") }, queues),
      card(t("engine.memory"), { note: t("engine.memory_note") }, memory)
    )
  );
  await refresh();
  page.every(EVERY, refresh);
}

function sample(now) {
  kept.times.push(Date.now());
  kept.generated.push(now.tokens_per_second);
  kept.prompt.push(now.prefill_per_second);
  kept.running.push(now.running);
  kept.waiting.push(now.waiting);
  for (const list of Object.values(kept)) {
    list.splice(0, list.length - SAMPLES);
  }
}

function tile(name) {
  const value = h("div", { class: "value" }, "–");
  const note = h("div", { class: "note" });
  return {
    node: h("div", { class: "card tile" }, h("div", { class: "name" }, name), h("div", { class: "figure" }, value), note),
    say(text, more) {
      say(value, text);
      say(note, more);
    },
  };
}
