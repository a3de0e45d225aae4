import { LOSS_CONTRACT, type Loss, type LossPrepareInput } from '@embedbag/core';
import { expect, test } from 'vitest';
import { lossFaults, pluginLoss } from './plugin-loss.js';

/** A loss whose methods need their `this`, as those of a class do. */
class CountingLoss implements Loss {
  readonly contract = LOSS_CONTRACT;
  readonly name = 'CountingLoss';
  readonly config = { list: [1, { a: null }] };
  readonly columns = { min: 1, max: 2, labels: 'vector' } as const;
  readonly citation = '@misc{counting}';
  readonly scale = 7;
  calls = 0;

  async prepare({ rows }: LossPrepareInput): Promise<number> {
    return rows.length * this.scale;
  }

  compute(): number {
    this.calls += 1;
    return this.calls;
  }

  contrastive(): { blocks: []; scale: number } {
    return { blocks: [], scale: this.scale };
  }

  workingMatrices(columnCount: number): number {
    return columnCount * this.scale;
  }
}

test('every member of a loss passes through, on the loss itself', async () => {
  const loss = new CountingLoss();
  const guarded = pluginLoss(loss, './counting.js');
  const { contract, name, config, columns, citation } = loss;
  expect(guarded).toMatchObject({ contract, name, config, columns, citation });
  expect(await guarded.prepare?.({ rows: Int32Array.of(1, 2) } as never, undefined)).toBe(14);
  expect([guarded.compute({} as never), guarded.compute({} as never), loss.calls]).toEqual([1, 2, 2]);
  expect(guarded.contrastive?.(2)).toEqual({ blocks: [], scale: 7 });
  expect(guarded.workingMatrices?.(2)).toBe(14);
});

test('what a loss does not have is not there afterwards', () => {
  const { contract, name, config, columns } = new CountingLoss();
  const guarded = pluginLoss({ contract, name, config, columns, compute: () => 1 }, './plain.js');
  expect(Object.keys(guarded).sort()).toEqual(['columns', 'compute', 'config', 'contract', 'name']);
});

test('an abort and an error of embedbag pass through', async () => {
  const abort = new DOMException('stopped', 'AbortError');
  const guarded = pluginLoss(Object.assign(new CountingLoss(), { prepare: () => Promise.reject(abort) }), './x.js');
  await expect(guarded.prepare?.({} as never, undefined)).rejects.toBe(abort);
});

test('a loss has no faults, and a method that is none is one', () => {
  expect(lossFaults(new CountingLoss())).toEqual([]);
  expect(lossFaults(Object.assign(new CountingLoss(), { workingMatrices: 3 }))).toEqual([
    '`workingMatrices` must be a function, or left out',
  ]);
});
