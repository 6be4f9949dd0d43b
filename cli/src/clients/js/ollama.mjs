import {Ollama} from 'ollama';
import {apiKey, check, model, prompt, report, run, tool, url} from './trip.mjs';

const client = new Ollama({host: url, headers: {authorization: 'Bearer ' + apiKey}});
const messages = [{role: 'user', content: prompt}];
const usages = [];

async function turn() {
  const answer = {content: '', calls: []};
  const tools = [{type: 'function', function: tool}];
  for await (const part of await client.chat({model, messages, tools, stream: true})) {
    answer.content += part.message.content;
    answer.calls.push(...(part.message.tool_calls ?? []));
    if (part.done) {
      // Ollama's protocol does not tell what came from a cache.
      usages.push([part.prompt_eval_count, 0, part.eval_count]);
    }
  }
  return answer;
}

const {models} = await client.list();
const entry = models.find((m) => m.name === model || m.name === model + ':latest');
check(entry, JSON.stringify(models));
const shown = await client.show({model: entry.name});
check(shown.capabilities.includes('tools'), JSON.stringify(shown.capabilities));

const first = await turn();
check(first.calls.length === 1, JSON.stringify(first));
messages.push({role: 'assistant', content: first.content, tool_calls: first.calls});
messages.push({
  role: 'tool',
  tool_name: tool.name,
  content: run(first.calls[0].function.arguments.command),
});
const second = await turn();

let generated = 0;
const options = {num_predict: 5};
for await (const part of await client.generate({model, prompt: 'class A', stream: true, options})) {
  generated += part.done ? part.eval_count : 0;
}
check(generated > 0, generated);
let refused = null;
try {
  await client.generate({model, prompt: 'word '.repeat(100_000)});
} catch (e) {
  refused = e;
}
check(refused?.status_code === 400, refused);
report(second.content, usages);
