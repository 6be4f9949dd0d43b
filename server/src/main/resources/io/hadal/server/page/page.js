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
const SAMPLES = 120;
const EVERY = 1000;
const series = new Map();

function charts() {
  for (const [name, title] of CHARTS) {
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

async function look() {
  try {
    const response = await fetch("metrics", { headers: headers() });
    if (response.ok) {
      const found = sums(await response.text());
      for (const [name, , format] of CHARTS) {
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
charts();
models();
look();
