/**
 * What runs in the thread of the client of Weights & Biases, as plain JavaScript: Node 20 starts no thread from TypeScript, and the
 * client's path is known only where it is installed.
 *
 * The client gets a thread because it throws where nothing can catch it, prints to the console, and ends the process on
 * Ctrl-C. It also takes every answer to its figures for a success; here they are sent again where the server refuses them.
 */
export const WANDB_WORKER_SOURCE = `
const { parentPort, workerData } = require('node:worker_threads');
const { setTimeout: wait } = require('node:timers/promises');
const { format } = require('node:util');
process.noDeprecation = true;
const say = (...parts) => parentPort.postMessage({ type: 'said', text: format(...parts) });
console.log = console.warn = console.error = say;

const { default: wandb } = require(workerData.module);
let run;

function sendAgain(fileStream) {
  const send = fileStream.send.bind(fileStream);
  fileStream.send = async (data) => {
    let status;
    for (let attempt = 0; attempt < workerData.attempts; attempt++) {
      const response = await send(data);
      if (response && response.ok) return response;
      status = response && response.status;
      if (status && status < 500 && status !== 408 && status !== 429) break;
      await wait(workerData.retryDelayMs * 2 ** attempt);
    }
    say('the server did not take figures' + (status ? ', status ' + status : ''));
  };
}

parentPort.on('message', async (message) => {
  if (message.type === 'log') {
    run.log(message.values, message.step);
    return;
  }
  await run.finish(message.exitCode);
  parentPort.postMessage({ type: 'finished' });
});

wandb.init(workerData.init).then(
  (started) => {
    run = started;
    sendAgain(run._messenger.sender.filestream);
    parentPort.postMessage({ type: 'started', url: run.url() });
  },
  (error) => parentPort.postMessage({ type: 'refused', reason: String((error && error.message) || error) }),
);
`;
