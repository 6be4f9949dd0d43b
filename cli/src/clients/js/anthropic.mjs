import Anthropic from '@anthropic-ai/sdk';
import {apiKey, check, model, prompt, report, run, tool, url} from './trip.mjs';

const client = new Anthropic({apiKey, baseURL: url, maxRetries: 0});
const tools = [
  {name: tool.name, description: tool.description, input_schema: tool.parameters},
];
const messages = [{role: 'user', content: prompt}];
const usages = [];

async function turn() {
  const stream = client.messages.stream({model, max_tokens: 500, messages, tools});
  const message = await stream.finalMessage();
  const u = message.usage;
  const input = u.input_tokens + u.cache_read_input_tokens + u.cache_creation_input_tokens;
  usages.push([input, u.cache_read_input_tokens, u.output_tokens]);
  return message;
}

const counted = await client.messages.countTokens({model, messages, tools});
const first = await turn();
check(counted.input_tokens === usages[0][0], counted.input_tokens + ' and ' + usages[0][0]);
check(first.stop_reason === 'tool_use', first.stop_reason);
const call = first.content.find((block) => block.type === 'tool_use');
messages.push({role: 'assistant', content: first.content});
messages.push({
  role: 'user',
  content: [{type: 'tool_result', tool_use_id: call.id, content: run(call.input.command)}],
});
const second = await turn();
check(second.stop_reason === 'end_turn', second.stop_reason);

const models = [];
for await (const m of client.models.list()) {
  models.push(m.id);
}
check(models.includes(model), models);
let refused = null;
try {
  await client.messages.create({model: 'nobody', max_tokens: 1, messages});
} catch (e) {
  refused = e;
}
check(refused instanceof Anthropic.NotFoundError, refused);
report(second.content.map((block) => block.text ?? '').join(''), usages);
