// AI SDK, with the provider that the argument names.
import {createAnthropic} from '@ai-sdk/anthropic';
import {createDeepSeek} from '@ai-sdk/deepseek';
import {createOpenAI} from '@ai-sdk/openai';
import {createOpenAICompatible} from '@ai-sdk/openai-compatible';
import {jsonSchema, stepCountIs, streamText, tool as define} from 'ai';
import {apiKey, check, model, prompt, report, run, tool, url} from './trip.mjs';

const options = {name: 'hadal', apiKey, baseURL: url + '/v1'};
const providers = {
  'openai-compatible': () => createOpenAICompatible({...options, includeUsage: true})(model),
  openai: () => createOpenAI(options).responses(model),
  anthropic: () => createAnthropic(options)(model),
  deepseek: () => createDeepSeek(options)(model),
};

const errors = [];
const result = streamText({
  model: providers[process.argv[2]](),
  prompt,
  maxRetries: 0,
  tools: {
    [tool.name]: define({
      description: tool.description,
      inputSchema: jsonSchema(tool.parameters),
      execute: async ({command}) => run(command),
    }),
  },
  stopWhen: stepCountIs(4),
  onError: ({error}) => errors.push(String(error)),
});
let text = '';
for await (const part of result.textStream) {
  text += part;
}
check(errors.length === 0, errors);
const steps = await result.steps;
const usages = steps.map(({usage: u}) => [
  u.inputTokens,
  u.inputTokenDetails.cacheReadTokens ?? 0,
  u.outputTokens,
]);
check(steps[0].finishReason === 'tool-calls', steps[0].finishReason);
check(steps[1].finishReason === 'stop', steps[1].finishReason);
report(text, usages);
