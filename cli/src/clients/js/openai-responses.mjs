import OpenAI from 'openai';
import {apiKey, check, model, prompt, report, run, tool, url} from './trip.mjs';

const client = new OpenAI({apiKey, baseURL: url + '/v1', maxRetries: 0});
const input = [{role: 'user', content: prompt}];
const usages = [];

async function turn() {
  const stream = client.responses.stream({
    model,
    input,
    store: false,
    tools: [{type: 'function', strict: false, ...tool}],
  });
  const response = await stream.finalResponse();
  const u = response.usage;
  usages.push([u.input_tokens, u.input_tokens_details.cached_tokens, u.output_tokens]);
  return response;
}

const first = await turn();
const call = first.output.find((item) => item.type === 'function_call');
check(call, JSON.stringify(first.output));
input.push(...first.output, {
  type: 'function_call_output',
  call_id: call.call_id,
  output: run(JSON.parse(call.arguments).command),
});
const second = await turn();
check(second.status === 'completed', second.status);
report(second.output_text, usages);
