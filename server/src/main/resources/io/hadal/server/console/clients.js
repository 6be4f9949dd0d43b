/* Settings of programs that use the server, as `hadal connect` writes them. */

const quoted = (text) => (/^[A-Za-z0-9_./:@%+=-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);
const json = (value) => JSON.stringify(value, null, 2);

/**
 * Clients by key: name and steps of [place of the file or null for a shell, text]. `e` has url, v1,
 * key, model and context.
 */
export const CLIENTS = {
  "claude-code": {
    name: "Claude Code",
    steps: (e) => [
      [
        "~/.claude/settings.json",
        json({
          env: {
            ANTHROPIC_BASE_URL: e.url,
            ANTHROPIC_AUTH_TOKEN: e.key,
            ANTHROPIC_MODEL: e.model,
            ANTHROPIC_SMALL_FAST_MODEL: e.model,
            CLAUDE_CODE_MAX_OUTPUT_TOKENS: String(answer(e)),
            CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
          },
        }),
      ],
      [null, "claude"],
    ],
  },
  codex: {
    name: "Codex",
    steps: (e) => [
      [
        "~/.codex/hadal.config.toml",
        `model = ${JSON.stringify(e.model)}
model_provider = "hadal"
model_context_window = ${e.context}

[model_providers.hadal]
name = "Hadal"
base_url = ${JSON.stringify(e.v1)}
env_key = "HADAL_API_KEY"
wire_api = "responses"`,
      ],
      [null, `export HADAL_API_KEY=${quoted(e.key)}\ncodex --profile hadal`],
    ],
  },
  opencode: {
    name: "opencode",
    steps: (e) => [
      [
        "~/.config/opencode/opencode.json",
        json({
          provider: {
            hadal: {
              npm: "@ai-sdk/openai-compatible",
              name: "Hadal",
              options: { baseURL: e.v1, apiKey: e.key },
              models: { [e.model]: { name: e.model, limit: { context: e.context, output: answer(e) } } },
            },
          },
        }),
      ],
      [null, `opencode run -m ${quoted(`hadal/${e.model}`)} "..."`],
    ],
  },
  continue: {
    name: "Continue",
    steps: (e) => [
      [
        "~/.continue/hadal.yaml",
        `name: Hadal
version: 0.0.1
schema: v1
models:
  - name: Hadal
    provider: openai
    model: ${JSON.stringify(e.model)}
    apiBase: ${JSON.stringify(e.v1)}
    apiKey: ${JSON.stringify(e.key)}
    roles: [chat, edit, apply]
    defaultCompletionOptions:
      contextLength: ${e.context}
      maxTokens: ${answer(e)}
  - name: Hadal completion
    provider: deepseek
    model: ${JSON.stringify(e.model)}
    apiBase: ${JSON.stringify(e.v1)}
    apiKey: ${JSON.stringify(e.key)}
    roles: [autocomplete]`,
      ],
      [null, "cn --config ~/.continue/hadal.yaml"],
    ],
  },
  copilot: {
    name: "Copilot CLI",
    steps: (e) => [
      [
        null,
        `export COPILOT_PROVIDER_TYPE=openai
export COPILOT_PROVIDER_BASE_URL=${quoted(e.v1)}
export COPILOT_PROVIDER_API_KEY=${quoted(e.key)}
export COPILOT_MODEL=${quoted(e.model)}
copilot`,
      ],
    ],
  },
  openai: {
    name: "OpenAI SDK (Python)",
    steps: (e) => [
      [null, "pip install openai"],
      [
        "example.py",
        `from openai import OpenAI

client = OpenAI(base_url=${JSON.stringify(e.v1)}, api_key=${JSON.stringify(e.key)})
answer = client.chat.completions.create(
    model=${JSON.stringify(e.model)},
    messages=[{"role": "user", "content": "Say hello."}],
)
print(answer.choices[0].message.content)`,
      ],
    ],
  },
  anthropic: {
    name: "Anthropic SDK (TypeScript)",
    steps: (e) => [
      [null, "npm install @anthropic-ai/sdk"],
      [
        "example.mjs",
        `import Anthropic from "@anthropic-ai/sdk";

const client = new Anthropic({ baseURL: ${JSON.stringify(e.url)}, apiKey: ${JSON.stringify(e.key)} });
const answer = await client.messages.create({
  model: ${JSON.stringify(e.model)},
  max_tokens: 1024,
  messages: [{ role: "user", content: "Say hello." }],
});
console.log(answer.content);`,
      ],
    ],
  },
  curl: {
    name: "curl",
    steps: (e) => [
      [
        null,
        `curl ${quoted(`${e.v1}/chat/completions`)} \\
  -H ${quoted(`authorization: Bearer ${e.key}`)} \\
  -H 'content-type: application/json' \\
  -d ${quoted(JSON.stringify({ model: e.model, messages: [{ role: "user", content: "Say hello." }] }))}`,
      ],
    ],
  },
};

/** Tokens of an answer: a quarter of the conversation. */
function answer(e) {
  return Math.max(1, Math.floor(e.context / 4));
}
