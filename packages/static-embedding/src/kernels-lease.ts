import type { Kernels } from '@embedbag/core';
import { createKernels } from '@embedbag/kernels';

/** Kernels that several models may stand on. Made here, they end with the last model; a caller's are left alone. */
export interface KernelsLease {
  readonly kernels: Kernels;
  /** Counts one more model. */
  share(): KernelsLease;
  /** Counts one model less. */
  end(): void;
}

/** A lease for one model on the kernels of the caller, or on new ones where `kernels` is undefined. */
export async function leaseKernels(kernels: Kernels | undefined): Promise<KernelsLease> {
  if (kernels !== undefined) {
    const borrowed: KernelsLease = { kernels, share: () => borrowed, end: () => {} };
    return borrowed;
  }
  const made = await createKernels();
  let models = 1;
  const owned: KernelsLease = {
    kernels: made,
    share: () => {
      models += 1;
      return owned;
    },
    end: () => {
      models -= 1;
      if (models === 0) made.dispose();
    },
  };
  return owned;
}
