import { expect } from 'vitest';
import type { ContractCheck } from './contract-check.js';

/** A plugin that is wrong in one way. */
export interface PluginDefect<Plugin> {
  readonly what: string;
  /** A part of the title of the check that must fail. */
  readonly noticedBy: string;
  readonly broken: (right: Plugin) => Partial<Plugin>;
}

/** `right` with some of its members replaced. */
export function breakPlugin<Plugin extends object>(right: Plugin, defect: PluginDefect<Plugin>): Plugin {
  return { ...right, ...defect.broken(right) };
}

/** Throws unless the one check that the defect names fails with `settings`. */
export async function expectCheckFails<Settings>(
  checks: readonly ContractCheck<Settings>[],
  noticedBy: string,
  settings: Settings,
): Promise<void> {
  const named = checks.filter(({ title }) => title.includes(noticedBy));
  expect(named.length, `checks whose title holds "${noticedBy}"`).toBe(1);
  await expect((async () => named[0]!.run(settings))()).rejects.toThrow();
}
