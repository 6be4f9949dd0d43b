import OpenAI from 'openai';
import {apiKey, check, model, prompt, report, run, tool, url} from './trip.mjs';

const client = new OpenAI({apiKey, baseURL: url + '/v1', maxRetries: 0});
const usages = [];

async function turn(messages) {
  const stream = await client.chat.completions.create({
    model,
    messages,
    tools: [{type: 'function', function: tool}],
    stream: true,
    stream_options: {include_usage: true},
  });
  const calls = [];
  let text = '';
  let reason = null;
  for await (const chunk of stream) {
    const choice = chunk.choices[0];
    text += choice?.delta.content ?? '';
    reason = choice?.finish_reason ?? reason;
    for (const part of choice?.delta.tool_calls ?? []) {
      const call = (calls[part.index] ??= {id: part.id, name: part.function.name, arguments: ''});
      call.arguments += part.function.arguments ?? '';
    }
    if (chunk.usage) {
      const u = chunk.usage;
      usages.push([u.prompt_tokens, u.prompt_tokens_details.cached_tokens, u.completion_tokens]);
    }
  }
  return {calls, text, reason};
}

const first = await turn([{role: 'user', content: prompt}]);
check(first.reason === 'tool_calls' && first.calls.length === 1, JSON.stringify(first));
const [call] = first.calls;
const second = await turn([
  {role: 'user', content: prompt},
  {
    role: 'assistant',
    content: first.text,
    tool_calls: [
      {id: call.id, type: 'function', function: {name: call.name, arguments: call.arguments}},
    ],
  },
  {role: 'tool', tool_call_id: call.id, content: run(JSON.parse(call.arguments).command)},
]);
check(second.reason === 'stop', second.reason);

const models = [];
for await (const m of client.models.list()) {
  models.push(m.id);
}
check(models.includes(model), models);
let refused = null;
try {
  await client.chat.completions.create({model: 'nobody', messages: []});
} catch (e) {
  refused = e;
}
check(refused instanceof OpenAI.NotFoundError && refused.code === 'model_not_found', refused);
report(second.text, usages);
