import type { Kernels, Random } from '@embedbag/core';

/** One statement about {@link Kernels} that must hold. */
export interface KernelsCheck {
  /** A sentence, used as the title of the test. */
  readonly title: string;
  /** Throws where the statement does not hold; `create` makes kernels that the check disposes. */
  run(create: () => Promise<Kernels>): Promise<void>;
}

/** A check of fresh kernels that are disposed in the end, also when it fails. */
export function kernelsCheck(title: string, body: (kernels: Kernels) => void): KernelsCheck {
  return {
    title,
    async run(create) {
      const kernels = await create();
      try {
        body(kernels);
      } finally {
        kernels.dispose();
      }
    },
  };
}

/** `length` standard normal numbers, as float32 holds them. */
export function normals(random: Random, length: number): Float32Array {
  const values = new Float32Array(length);
  for (let i = 0; i < length; i++) values[i] = random.normal();
  return values;
}

/** The code of the error that `action` throws; undefined where it throws none, or another kind. */
export function codeOf(action: () => void): string | undefined {
  try {
    action();
  } catch (error) {
    return (error as { code?: string }).code;
  }
  return undefined;
}
