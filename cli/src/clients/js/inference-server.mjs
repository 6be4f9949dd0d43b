// The server of npm's inference-server, on llama.cpp: PORT MODEL.gguf
import {createExpressServer, InferenceServer} from 'inference-server';

const [port, file] = process.argv.slice(2);
const server = new InferenceServer({
  log: 'warn',
  concurrency: 1,
  models: {
    tiny: {
      task: 'text-completion',
      engine: 'node-llama-cpp',
      location: file,
      contextSize: 512,
      device: {gpu: false, cpuThreads: 1},
      prepare: 'blocking',
      minInstances: 1,
    },
  },
});
await server.start();
createExpressServer(server).listen(Number(port), '127.0.0.1');
