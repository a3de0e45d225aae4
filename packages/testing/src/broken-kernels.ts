import type { Kernels } from '@embedbag/core';
import { expect } from 'vitest';
import { createNaiveKernels } from './naive-kernels.js';
import { kernelsChecks } from './test-kernels.js';

/** Kernels that are wrong in one way. */
export interface Defect {
  readonly what: string;
  /** A part of the title of the check that must fail. */
  readonly noticedBy: string;
  readonly broken: (right: Kernels) => Partial<Kernels>;
}

function createBroken(defect: Defect): Kernels {
  const right = createNaiveKernels();
  const broken = defect.broken(right);
  return new Proxy(right, {
    get(target, property) {
      const value: unknown = Reflect.get(property in broken ? broken : target, property);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

/** Throws unless the one check that the defect names fails on its kernels. */
export async function expectNoticed(defect: Defect): Promise<void> {
  const checks = kernelsChecks.filter(({ title }) => title.includes(defect.noticedBy));
  expect(checks.length).toBe(1);
  await expect(checks[0]!.run(async () => createBroken(defect))).rejects.toThrow();
}
