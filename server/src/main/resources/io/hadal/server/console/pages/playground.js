/* Talking to a model in each dialect, with everything that came over the wire. */

import * as api from "../api.js";
import { h, put, say } from "../dom.js";
import { DIALECTS, models, stream } from "../dialects.js";
import { count, exact, lasted, percent, usd } from "../format.js";
import { t } from "../i18n.js";
import { badge, button, card, copier, empty, field, head, mark, problem, segments, tabs } from "../ui.js";

/* The key lives here and nowhere else: closing the page forgets it. */
let key = "";
let conversation = [];
const MOST_EVENTS = 2000;
const names = () => ({ chat: "Chat Completions", messages: "Messages", responses: "Responses", fill: t("playground.fill") });

export async function show(place, page) {
  let dialect = DIALECTS[page.query.get("dialect")] ? page.query.get("dialect") : "chat";
  let running = null;
  page.signal.addEventListener("abort", () => running?.abort());

  const keyField = field({ name: "key", type: "password", label: t("playground.key"), value: key, placeholder: "sk-…", help: t("playground.key_help"), more: { autocomplete: "off", spellcheck: "false" } });
  const model = field({ name: "model", label: t("dimension.alias"), required: true, value: page.query.get("model") ?? "", placeholder: "deepseek-v4-flash", more: { list: "playground-models", spellcheck: "false" } });
  const known = h("datalist", { id: "playground-models" });
  const system = field({ name: "system", type: "area", rows: 3, label: t("playground.system"), optional: true });
  const most = field({ name: "max", type: "number", label: t("playground.max"), value: "512", more: { min: 1 } });
  const heat = field({ name: "temperature", type: "number", label: t("playground.temperature"), value: "0.6", more: { min: 0, max: 2, step: 0.1 } });
  const thinking = field({ name: "thinking", type: "check", label: t("playground.thinking"), help: t("playground.thinking_help") });
  const talk = h("div", { class: "talk" });
  const failure = h("div", { "aria-live": "polite" });
  const question = field({ name: "question", type: "area", rows: 3, label: t("playground.message"), required: true, more: { placeholder: t("playground.example") } });
  const code = { spellcheck: "false", autocapitalize: "off" };
  const before = field({ name: "before", type: "area", code: true, rows: 5, label: t("playground.before"), required: true, help: t("playground.before_help"), more: { ...code, placeholder: t("playground.before_example") } });
  const after = field({ name: "after", type: "area", code: true, rows: 4, label: t("playground.after"), optional: true, help: t("playground.after_help"), more: { ...code, placeholder: t("playground.after_example") } });
  const send = button(t("playground.send"), { type: "submit", first: true, symbol: "send" });
  const stop = button(t("playground.stop"), { symbol: "stop", disabled: true, onclick: () => running?.abort() });

  const loadModels = async () => {
    try {
      const found = await models(key, page.signal);
      put(known, found.map((n) => h("option", { value: n })));
      if (!model.get() && found.length > 0) {
        model.control.value = found[0];
      }
      failure.replaceChildren();
    } catch (error) {
      if (error.name !== "AbortError" && key) {
        put(failure, problem(error));
      }
    }
  };
  keyField.control.addEventListener("change", () => {
    key = keyField.get();
    loadModels();
  });

  const clear = () => {
    conversation = [];
    const filling = dialect === "fill";
    put(talk, empty("play", t(filling ? "playground.fill_empty" : "playground.empty"), t(filling ? "playground.fill_empty_text" : "playground.empty_text")));
  };
  /* Filling in has no instructions, no turns and no reasoning. */
  const arrange = () => {
    const filling = dialect === "fill";
    for (const one of [system, thinking, question]) {
      one.node.hidden = filling;
    }
    for (const one of [before, after]) {
      one.node.hidden = !filling;
    }
    if (conversation.length === 0) {
      clear();
    }
  };
  const draw = () => (conversation.length === 0 ? clear() : put(talk, conversation.map((turn) => turn.node)));

  const ask = async (event) => {
    event.preventDefault();
    const filling = dialect === "fill";
    // Spaces and ends of lines count where text is filled in.
    const text = filling ? before.control.value : question.get();
    const asked = filling ? before : question;
    mark(asked, text ? null : t("required"));
    if (!text || running) {
      asked.control.focus();
      return;
    }
    key = keyField.get();
    if (!model.get()) {
      await loadModels();
    }
    mark(model, model.get() ? null : t("required"));
    if (!model.get()) {
      model.control.focus();
      return;
    }
    failure.replaceChildren();
    const settings = {
      model: model.get(),
      system: system.get(),
      before: text,
      after: after.control.value,
      messages: [...conversation.filter((c) => c.text && !c.alone).map((c) => ({ role: c.role, content: c.text })), { role: "user", content: text }],
      maxTokens: Number(most.get()) || 512,
      temperature: Number(heat.get()),
      thinking: thinking.get(),
    };
    if (conversation.length === 0) {
      talk.replaceChildren();
    }
    const mine = filling ? null : { role: "user", text, node: h("article", { class: "turn user" }, h("h3", t("playground.you")), h("pre", text)) };
    const theirs = answer(dialect, settings);
    for (const one of [mine, theirs].filter(Boolean)) {
      conversation.push(one);
      talk.append(one.node);
    }
    question.control.value = "";
    running = new AbortController();
    send.disabled = true;
    stop.disabled = false;
    try {
      const headers = await stream(dialect, settings, key, running.signal, theirs.take);
      theirs.done(headers);
    } catch (error) {
      theirs.broke(error.name === "AbortError" ? null : error);
    } finally {
      running = null;
      send.disabled = false;
      stop.disabled = true;
      asked.control.focus();
    }
  };

  for (const one of [question, before, after]) {
    one.control.addEventListener("keydown", (e) => {
      if (e.key === "Enter" && (e.ctrlKey || e.metaKey)) {
        ask(e);
      }
    });
  }

  put(
    place,
    head(
      t("playground.title"),
      t("playground.text"),
      segments(t("playground.dialect"), Object.entries(names()), dialect, (next) => {
        dialect = next;
        arrange();
        page.keep({ dialect: next });
      })
    ),
    h(
      "div",
      { class: "bench" },
      card(t("playground.settings"), {}, h("form", { class: "stack tight", onsubmit: (e) => e.preventDefault() }, keyField.node, model.node, known, system.node, h("div", { class: "fields narrow" }, most.node, heat.node), thinking.node)),
      h(
        "div",
        { class: "card chatbox" },
        talk,
        failure,
        h("form", { class: "asking", novalidate: true, onsubmit: ask }, question.node, before.node, after.node, h("div", { class: "row" }, send, stop, h("span", { class: "muted small" }, t("playground.shortcut")), h("span", { class: "push" }, button(t("playground.clear"), { plain: true, onclick: clear }))))
      )
    )
  );
  draw();
  arrange();
  if (key) {
    await loadModels();
  }
}

/** An answer that comes in parts, with its events and figures. */
function answer(dialect, settings) {
  const body = DIALECTS[dialect].body(settings);
  const reasoning = h("pre");
  const folded = h("details", { hidden: true }, h("summary", t("playground.reasoning")), reasoning);
  const filling = dialect === "fill";
  const text = filling ? h("mark", { class: "filled" }) : h("pre", { class: "said" });
  const shown = filling ? h("pre", { class: "box hole" }, settings.before, text, settings.after) : text;
  const figures = h("dl", { class: "figures" });
  const raw = h("ol", { class: "events", tabindex: "0", role: "region", "aria-label": t("playground.events") });
  const kept = [];
  const message = h("div");
  const known = { first: null, total: null, input: null, cached: null, output: null, cost: null };
  let events = 0;

  const cell = (name) => {
    const value = h("dd", "–");
    figures.append(h("div", h("dt", t(`playground.${name}`)), value));
    return value;
  };
  const cells = Object.fromEntries(["first", "total", "input", "cached", "output", "cost"].map((k) => [k, cell(k)]));
  const drawFigures = () => {
    say(cells.first, lasted(known.first));
    say(cells.total, lasted(known.total));
    say(cells.input, count(known.input));
    say(cells.cached, known.cached === null ? "–" : `${count(known.cached)}${known.input > 0 ? ` (${percent(known.cached / known.input, 0)})` : ""}`);
    say(cells.output, count(known.output));
    say(cells.cost, usd(known.cost));
    cells.cost.title = known.cost === null ? "" : exact(known.cost);
  };
  const view = tabs(t("playground.views"), [
    ["answer", t("playground.answer"), () => h("div", { class: "stack tight" }, folded, shown, message)],
    ["events", t("playground.events"), () => raw],
    ["request", t("playground.request"), () => h("div", { class: "stack tight" }, h("pre", { class: "box", tabindex: "0", role: "region", "aria-label": t("playground.request") }, JSON.stringify(body, null, 2)), h("div", copier(() => JSON.stringify(body, null, 2))))],
  ]);
  const node = h("article", { class: "turn" }, h("div", { class: "row between" }, h("h3", settings.model), badge(names()[dialect], "", true)), figures, view);
  const self = {
    role: "assistant",
    alone: filling,
    text: "",
    node,
    take(name, data, millis) {
      events += 1;
      if (events <= MOST_EVENTS) {
        kept.push(data);
        raw.append(h("li", h("span", { class: "muted" }, `+${millis.toFixed(0)} ms ${name}`), h("code", data)));
      }
      if (data === "[DONE]") {
        return;
      }
      let json;
      try {
        json = JSON.parse(data);
      } catch {
        return;
      }
      const part = DIALECTS[dialect].read(json);
      if (part.reasoning) {
        folded.hidden = false;
        reasoning.append(part.reasoning);
      }
      if (part.text) {
        self.text += part.text;
        text.append(part.text);
      }
      if ((part.text || part.reasoning) && known.first === null) {
        known.first = millis;
      }
      for (const [field, value] of Object.entries(part.usage ?? {})) {
        known[field] = value ?? known[field];
      }
      if (part.failure) {
        put(message, problem({ message: part.failure }));
      }
      known.total = millis;
      drawFigures();
    },
    async done(headers) {
      const request = headers.get("x-request-id");
      node.append(h("p", { class: "small muted" }, h("a", { href: `#/requests?request=${encodeURIComponent(request ?? "")}` }, t("playground.see_request")), " ", h("code", request)));
      // Costs are known once the journal has been moved to the database.
      for (let tries = 0; request && known.cost === null && tries < 8; tries += 1) {
        await new Promise((later) => setTimeout(later, 600 + 300 * tries));
        const found = await api.requests.attempts(request).catch(() => null);
        known.cost = found?.data.at(-1)?.cost_nano ?? null;
      }
      drawFigures();
    },
    broke(error) {
      put(message, error ? problem(error) : h("p", { class: "muted" }, t("playground.stopped")));
    },
  };
  drawFigures();
  return self;
}
