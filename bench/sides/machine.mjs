import { amountOf, openMachine } from './machine-work.mjs';

/** @returns {import('./serve.mjs').Side} */
export function createSide() {
  /** @type {Awaited<ReturnType<typeof openMachine>> | undefined} */
  let machine;
  /** @type {any} */
  let settings;
  return {
    async prepare(given) {
      settings = given;
      machine = await openMachine({ threads: settings.threads, isLarge: !settings.work.startsWith('multiply') });
      return { note: machine.backend };
    },
    async round() {
      // The first run wakes threads that slept while the other side had the machine.
      machine?.run(settings.work);
      const seconds = machine?.run(settings.work) ?? Number.NaN;
      return { seconds, count: amountOf(settings.work, settings.threads) };
    },
    async output() {
      return {};
    },
  };
}
