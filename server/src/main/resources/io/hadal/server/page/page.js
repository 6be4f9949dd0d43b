"use strict";

const $ = (id) => document.getElementById(id);
const history = [];

function headers() {
  const key = $("key").value.trim();
  sessionStorage.setItem("key", key);
  const all = { "content-type": "application/json" };
  if (key) {
    all.authorization = "Bearer " + key;
  }
  return all;
}

function problem(text) {
  $("problem").textContent = text;
  $("problem").hidden = !text;
}

async function failure(response) {
  try {
    return (await response.json()).error.message;
  } catch {
    return "The server answered " + response.status + ".";
  }
}

/* Hands the objects of a stream of events to a function. */
async function stream(path, body, signal, take) {
  const response = await fetch(path, {
    method: "POST",
    headers: headers(),
    body: JSON.stringify({ ...body, stream: true, stream_options: { include_usage: true } }),
    signal,
  });
  if (!response.ok) {
    throw new Error(await failure(response));
  }
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) {
      return;
    }
    rest += value;
    const events = rest.split("\n\n");
    rest = events.pop();
    for (const event of events) {
      for (const line of event.split("\n")) {
        if (line.startsWith("data: ") && line !== "data: [DONE]") {
          const json = JSON.parse(line.slice(6));
          if (json.error) {
            throw new Error(json.error.message);
          }
          take(json);
        }
      }
    }
  }
}

/* Runs one stream; the stop button ends it. */
async function run(stop, work) {
  const control = new AbortController();
  stop.disabled = false;
  stop.onclick = () => control.abort();
  problem("");
  try {
    await work(control.signal);
  } catch (e) {
    if (e.name !== "AbortError") {
      problem(e.message);
    }
  } finally {
    stop.disabled = true;
  }
}

function element(parent, name, text = "") {
  const made = document.createElement(name);
  made.textContent = text;
  parent.append(made);
  return made;
}

function turn(name) {
  const box = element($("talk"), "div");
  box.className = "turn";
  element(box, "h3", name);
  return box;
}

$("ask").addEventListener("submit", (event) => {
  event.preventDefault();
  const question = $("question").value;
  if (!question.trim() || !$("chat-stop").disabled) {
    return;
  }
  $("question").value = "";
  element(turn("You"), "pre", question);
  history.push({ role: "user", content: question });
  const box = turn($("model").value);
  const folded = element(box, "details");
  folded.hidden = true;
  element(folded, "summary", "Reasoning");
  const reasoning = element(folded, "pre");
  const text = element(box, "pre");
  const note = element(box, "small");
  const body = {
    model: $("model").value,
    messages: history,
    max_tokens: Number($("chat-tokens").value),
    temperature: Number($("chat-temperature").value),
    thinking: { type: $("think").checked ? "enabled" : "disabled" },
  };
  run($("chat-stop"), (signal) =>
    stream("v1/chat/completions", body, signal, (json) => {
      const delta = json.choices[0]?.delta ?? {};
      if (delta.reasoning_content) {
        folded.hidden = false;
        reasoning.textContent += delta.reasoning_content;
      }
      text.textContent += delta.content ?? "";
      if (json.usage) {
        const cached = json.usage.prompt_tokens_details.cached_tokens;
        note.textContent =
          `${json.usage.prompt_tokens} tokens in (${cached} cached), ` +
          `${json.usage.completion_tokens} out`;
      }
      $("talk").scrollTop = $("talk").scrollHeight;
    })
  ).then(() => history.push({ role: "assistant", content: text.textContent }));
});

$("clear").addEventListener("click", () => {
  history.length = 0;
  $("talk").replaceChildren();
});

$("fill").addEventListener("submit", (event) => {
  event.preventDefault();
  if (!$("fill-stop").disabled) {
    return;
  }
  $("filled").textContent = "";
  const body = {
    model: $("model").value,
    prompt: $("prefix").value,
    max_tokens: Number($("fill-tokens").value),
    temperature: 0,
  };
  if ($("suffix").value) {
    body.suffix = $("suffix").value;
  }
  run($("fill-stop"), (signal) =>
    stream("v1/completions", body, signal, (json) => {
      $("filled").textContent += json.choices[0]?.text ?? "";
    })
  );
});

/* Figures of /metrics: name, what it says, how a sample is written. */
const CHARTS = [
  ["llm_running_requests", "Running", (v) => v.toFixed(0)],
  ["llm_queue_depth", "Waiting", (v) => v.toFixed(0)],
  ["llm_generated_tokens_per_second", "Generated tokens/s", (v) => v.toFixed(0)],
  ["llm_prefill_tokens_per_second", "Prompt tokens/s", (v) => v.toFixed(0)],
  ["llm_prefix_cache_hit_ratio", "Prompt tokens from cache", (v) => (100 * v).toFixed(0) + " %"],
  ["llm_kv_cache_bytes", "Conversations in memory", (v) => (v / 1048576).toFixed(1) + " MiB"],
];

/* What the key of a tenant may see in their place: the usage of its project. */
const OWN = [
  ["running", "Running", (v) => v.toFixed(0)],
  ["output_rate", "Generated tokens/s", (v) => v.toFixed(0)],
  ["input_rate", "Prompt tokens/s", (v) => v.toFixed(0)],
  ["cached", "Prompt tokens from cache", (v) => (100 * v).toFixed(0) + " %"],
  ["requests", "Requests in 24 hours", (v) => v.toFixed(0)],
  ["cost", "Cost in 24 hours", (v) => v.toFixed(4) + " USD"],
];
const SAMPLES = 120;
const EVERY = 1000;
const series = new Map();

let drawn = null;

/* Draws other charts; what was drawn is forgotten. */
function charts(kinds, heading) {
  if (drawn === kinds) {
    return;
  }
  drawn = kinds;
  series.clear();
  $("charts").replaceChildren();
  $("live-title").textContent = heading;
  for (const [name, title] of kinds) {
    const figure = element($("charts"), "figure");
    element(figure, "figcaption", title);
    const value = element(figure, "div", "–");
    value.className = "figure";
    figure.insertAdjacentHTML(
      "beforeend",
      `<svg viewBox="0 0 ${SAMPLES} 40" preserveAspectRatio="none" aria-hidden="true"><path/></svg>`
    );
    series.set(name, { value, path: figure.querySelector("path"), samples: [] });
  }
}

function sums(text) {
  const found = new Map();
  for (const line of text.split("\n")) {
    const match = /^([a-z_]+)(?:\{[^}]*\})? ([-+0-9.eE]+)$/.exec(line);
    if (match && series.has(match[1])) {
      found.set(match[1], (found.get(match[1]) ?? 0) + Number(match[2]));
    }
  }
  return found;
}

function draw(found) {
  for (const [name, , format] of drawn) {
    const s = series.get(name);
    const v = found.get(name) ?? 0;
    s.samples.push(v);
    s.samples.splice(0, s.samples.length - SAMPLES);
    s.value.textContent = format(v);
    const top = Math.max(1e-9, ...s.samples);
    s.path.setAttribute(
      "d",
      s.samples
        .map((y, x) => `${x ? "L" : "M"}${x} ${(38 - (36 * y) / top).toFixed(2)}`)
        .join("")
    );
  }
}

const own = { key: null, at: 0, last: null, day: null, dayAt: -Infinity };

/* Samples of the key's own project: rates from the tokens since the look before. */
async function ownFigures() {
  const now = performance.now();
  if (own.key !== $("key").value) {
    Object.assign(own, { key: $("key").value, last: null, dayAt: -Infinity });
  }
  const whole = now - own.dayAt > 60 * EVERY;
  const response = await fetch(whole ? "user/usage?hours=24" : "user/usage", { headers: headers() });
  if (!response.ok) {
    return null;
  }
  const json = await response.json();
  if (whole) {
    Object.assign(own, { day: json.total, dayAt: now });
  }
  const seconds = (now - own.at) / 1000;
  const rate = (name) => (own.last ? Math.max(0, json[name] - own.last[name]) / seconds : 0);
  const found = new Map([
    ["running", json.running],
    ["output_rate", rate("output_tokens")],
    ["input_rate", rate("input_tokens")],
    ["cached", json.input_tokens ? json.cached_tokens / json.input_tokens : 0],
    ["requests", own.day.requests],
    ["cost", Number(own.day.cost_usd)],
  ]);
  Object.assign(own, { last: json, at: now });
  return found;
}

async function look() {
  try {
    const response = own.key === null ? await fetch("metrics", { headers: headers() }) : null;
    if (response?.ok) {
      charts(CHARTS, "Live");
      draw(sums(await response.text()));
    } else if ($("key").value.trim()) {
      const found = await ownFigures();
      if (found) {
        charts(OWN, "Live, this key's project");
        draw(found);
      }
    }
  } catch {
    problem("The server does not answer.");
  }
  setTimeout(look, document.hidden ? 10 * EVERY : EVERY);
}

async function models() {
  const response = await fetch("v1/models", { headers: headers() });
  if (!response.ok) {
    problem(response.status === 401 ? "This server needs a key." : await failure(response));
    return;
  }
  problem("");
  const { data } = await response.json();
  $("model").replaceChildren(...data.map((m) => new Option(m.display_name, m.id)));
}

$("key").value = sessionStorage.getItem("key") ?? "";
$("key").addEventListener("change", models);
/* Another key may open the figures of all. */
$("key").addEventListener("change", () => (own.key = null));
charts(CHARTS, "Live");
models();
look();
