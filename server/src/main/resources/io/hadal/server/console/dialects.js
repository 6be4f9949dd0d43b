/* Dialects of inference: what is sent, and what their events mean. */

const ROOT = new URL("..", document.baseURI);

const took = (usage) =>
  usage && {
    input: usage.prompt_tokens,
    cached: usage.prompt_tokens_details?.cached_tokens ?? 0,
    output: usage.completion_tokens,
  };

/** Paths, bodies and events by dialect. `read` returns parts: text, reasoning, usage, failure. */
export const DIALECTS = {
  chat: {
    path: "v1/chat/completions",
    body: (s) => ({
      model: s.model,
      messages: [...(s.system ? [{ role: "system", content: s.system }] : []), ...s.messages],
      max_tokens: s.maxTokens,
      temperature: s.temperature,
      thinking: { type: s.thinking ? "enabled" : "disabled" },
      stream: true,
      stream_options: { include_usage: true },
    }),
    read: (e) => ({
      text: e.choices?.[0]?.delta?.content ?? "",
      reasoning: e.choices?.[0]?.delta?.reasoning_content ?? "",
      usage: took(e.usage),
      failure: e.error?.message,
    }),
  },
  messages: {
    path: "v1/messages",
    body: (s) => ({
      model: s.model,
      ...(s.system ? { system: s.system } : {}),
      messages: s.messages,
      max_tokens: s.maxTokens,
      ...(s.thinking ? { thinking: { type: "enabled", budget_tokens: Math.max(1024, Math.floor(s.maxTokens / 2)) } } : { temperature: s.temperature }),
      stream: true,
    }),
    read: (e) => {
      const u = e.message?.usage ?? e.usage;
      return {
        text: e.delta?.text ?? "",
        reasoning: e.delta?.thinking ?? "",
        usage: u && {
          input: u.input_tokens === undefined ? undefined : u.input_tokens + (u.cache_read_input_tokens ?? 0) + (u.cache_creation_input_tokens ?? 0),
          cached: u.cache_read_input_tokens,
          output: u.output_tokens,
        },
        failure: e.type === "error" ? e.error?.message : undefined,
      };
    },
  },
  fill: {
    path: "v1/completions",
    body: (s) => ({
      model: s.model,
      prompt: s.before,
      ...(s.after ? { suffix: s.after } : {}),
      max_tokens: s.maxTokens,
      temperature: s.temperature,
      stream: true,
      stream_options: { include_usage: true },
    }),
    read: (e) => ({
      text: e.choices?.[0]?.text ?? "",
      reasoning: "",
      usage: took(e.usage),
      failure: e.error?.message,
    }),
  },
  responses: {
    path: "v1/responses",
    body: (s) => ({
      model: s.model,
      ...(s.system ? { instructions: s.system } : {}),
      input: s.messages,
      max_output_tokens: s.maxTokens,
      temperature: s.temperature,
      reasoning: { effort: s.thinking ? "high" : "none" },
      store: false,
      stream: true,
    }),
    read: (e) => {
      const u = e.response?.usage;
      return {
        text: e.type === "response.output_text.delta" ? e.delta : "",
        reasoning: /^response\.reasoning.*\.delta$/.test(e.type ?? "") ? e.delta : "",
        usage: u && { input: u.input_tokens, cached: u.input_tokens_details?.cached_tokens ?? 0, output: u.output_tokens },
        failure: e.response?.error?.message ?? (e.type === "error" ? e.message ?? e.error?.message : undefined),
      };
    },
  },
};

/** Names of models that a key may use. */
export async function models(key, signal) {
  const answer = await fetch(new URL("v1/models", ROOT), { headers: key ? { authorization: `Bearer ${key}` } : {}, signal });
  const json = await answer.json().catch(() => ({}));
  if (!answer.ok) {
    throw failed(answer, json);
  }
  return json.data.map((m) => m.id);
}

/**
 * Asks and hands each event to `take(name, data, millis)` as it comes.
 *
 * @returns the answer's headers
 */
export async function stream(dialect, settings, key, signal, take) {
  const kind = DIALECTS[dialect];
  const begun = performance.now();
  const answer = await fetch(new URL(kind.path, ROOT), {
    method: "POST",
    headers: { "content-type": "application/json", ...(key ? { authorization: `Bearer ${key}` } : {}) },
    body: JSON.stringify(kind.body(settings)),
    signal,
  });
  if (!answer.ok) {
    throw failed(answer, await answer.json().catch(() => ({})));
  }
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) {
      return answer.headers;
    }
    rest += value;
    const blocks = rest.split("\n\n");
    rest = blocks.pop();
    for (const block of blocks) {
      const lines = block.split("\n");
      const data = lines.filter((l) => l.startsWith("data:")).map((l) => l.slice(5).trimStart()).join("\n");
      const name = lines.find((l) => l.startsWith("event:"))?.slice(6).trim() ?? "data";
      if (data) {
        take(name, data, performance.now() - begun);
      }
    }
  }
}

function failed(answer, json) {
  const error = new Error(json.error?.message ?? json.message ?? `HTTP ${answer.status}`);
  error.status = answer.status;
  error.code = json.error?.code ?? json.error?.type ?? null;
  error.requestId = answer.headers.get("x-request-id");
  return error;
}
