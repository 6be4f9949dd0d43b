// What all scripts share: where the server is, the tool, and the one line that the test reads.
export const url = process.env.HADAL_URL;
export const apiKey = process.env.HADAL_KEY;
export const model = process.env.HADAL_MODEL;
export const prompt = 'Print a greeting with the shell.';
export const tool = {
  name: 'shell',
  description: 'Runs a command.',
  parameters: {
    type: 'object',
    properties: {command: {type: 'string'}},
    required: ['command'],
    additionalProperties: false,
  },
};

/** What the tool prints for the one command it knows. */
export function run(command) {
  return command === 'echo hadal-$((6*7))' ? 'hadal-42' : 'unknown command: ' + command;
}

/** Two turns: input, cached and output tokens of each, the text of the last. */
export function report(text, usages, more = {}) {
  console.log(JSON.stringify({text, usages, ...more}));
}

export function check(condition, what) {
  if (!condition) {
    throw new Error('not so: ' + what);
  }
}
