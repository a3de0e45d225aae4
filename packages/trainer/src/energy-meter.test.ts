import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { EnergyMeter } from './energy-meter.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'embedbag-energy-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function set(name: string, microjoules: number): void {
  mkdirSync(path.join(folder, name), { recursive: true });
  writeFileSync(path.join(folder, name, 'energy_uj'), `${microjoules}\n`);
  writeFileSync(path.join(folder, name, 'max_energy_range_uj'), '1000000000\n');
}

test('adds up all processors, and leaves out their parts', () => {
  for (const name of ['intel-rapl:0', 'intel-rapl:1', 'intel-rapl:0:0', 'intel-rapl']) set(name, 5e6);
  const meter = new EnergyMeter(folder);
  for (const name of ['intel-rapl:0', 'intel-rapl:1', 'intel-rapl:0:0', 'intel-rapl']) set(name, 15e6);
  meter.sample();
  expect(meter.joules).toBe(20);
});

test('goes on where a counter begins anew', () => {
  set('intel-rapl:0', 990e6);
  const meter = new EnergyMeter(folder);
  set('intel-rapl:0', 20e6);
  meter.sample();
  set('intel-rapl:0', 50e6);
  meter.sample();
  expect(meter.joules).toBe(60);
});

test('knows nothing where there are no counters, or none any more', () => {
  const none = new EnergyMeter(path.join(folder, 'missing'));
  none.sample();
  expect(none.joules).toBeUndefined();
  set('intel-rapl:0', 1);
  const lost = new EnergyMeter(folder);
  rmSync(path.join(folder, 'intel-rapl:0'), { recursive: true });
  lost.sample();
  expect(lost.joules).toBeUndefined();
});
