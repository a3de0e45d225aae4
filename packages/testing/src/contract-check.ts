import { expect } from 'vitest';

/** One statement about a plugin that must hold. */
export interface ContractCheck<Settings> {
  /** A sentence, used as the title of the test. */
  readonly title: string;
  /** Throws where the statement does not hold. */
  run(settings: Settings): void | Promise<void>;
}

/** What every plugin carries. */
interface Plugin {
  readonly contract: string;
  readonly name: string;
  readonly config: unknown;
}

/** Throws unless `plugin` carries the tag `contract`, a name, and a config of plain JSON that `again` has too. */
export function expectPlugin(plugin: Plugin, again: Plugin, contract: string): void {
  expect(plugin.contract).toBe(contract);
  expect(typeof plugin.name, 'the type of `name`').toBe('string');
  expect(plugin.name, '`name`').not.toBe('');
  expectPlainConfig(plugin.config, again.config);
}

/** Throws unless `config` is an object of plain JSON, the same as that of a plugin made again. */
export function expectPlainConfig(config: unknown, again: unknown): void {
  expect(config).toBeTypeOf('object');
  expect(JSON.parse(JSON.stringify(config))).toStrictEqual(config);
  expect(again).toStrictEqual(config);
}
