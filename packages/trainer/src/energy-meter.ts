import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** Where Linux tells what the processors have used, if it lets this user read it. */
const POWERCAP = '/sys/class/powercap';
/** A whole processor; the parts of one have names such as `intel-rapl:0:1`. */
const PACKAGE = /^intel-rapl:\d+$/;

interface Counter {
  readonly file: string;
  /** The counter begins anew after this much. */
  readonly rangeMicrojoules: number;
  last: number;
}

const readNumber = (file: string): number => Number(readFileSync(file, 'utf8'));

function openCounters(folder: string): Counter[] {
  try {
    return readdirSync(folder)
      .filter((name) => PACKAGE.test(name))
      .map((name) => {
        const file = path.join(folder, name, 'energy_uj');
        const rangeMicrojoules = readNumber(path.join(folder, name, 'max_energy_range_uj'));
        return { file, rangeMicrojoules, last: readNumber(file) };
      })
      .filter(({ last, rangeMicrojoules }) => Number.isFinite(last) && rangeMicrojoules > 0);
  } catch {
    // Not Linux, another processor, or not for this user: then nothing is known.
    return [];
  }
}

/**
 * Adds up what the processors of this machine use, by the counters of RAPL: of all processes, without memory and disks.
 */
export class EnergyMeter {
  readonly #counters: readonly Counter[];
  #microjoules = 0;
  #isBroken = false;

  constructor(folder: string = POWERCAP) {
    this.#counters = openCounters(folder);
  }

  /** Reads the counters. To be called every few minutes: they begin anew after an hour or so. */
  sample(): void {
    for (const counter of this.#counters) {
      try {
        const now = readNumber(counter.file);
        const used = now - counter.last;
        this.#microjoules += used >= 0 ? used : used + counter.rangeMicrojoules;
        counter.last = now;
      } catch {
        this.#isBroken = true;
      }
    }
  }

  /** In joules, until the last sample; undefined where the machine does not tell. */
  get joules(): number | undefined {
    return this.#counters.length === 0 || this.#isBroken ? undefined : this.#microjoules / 1e6;
  }
}
