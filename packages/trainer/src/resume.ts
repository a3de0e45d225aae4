import { EmbedbagError } from '@embedbag/core';
import { resumeDifferences } from './resume-differences.js';
import { type RunIdentity, tableSum } from './run-identity.js';
import { newestCheckpoint, openCheckpoint, type SavedCheckpoint } from './saved-checkpoint.js';
import { type NoticeEvent, notice } from './training-notices.js';
import type { TrainingPlan } from './training-plan.js';

/** Where a run goes on, and what to tell of it. */
export interface ResumePoint {
  /** Undefined to begin anew. */
  readonly checkpoint: SavedCheckpoint | undefined;
  readonly notices: readonly NoticeEvent[];
}

function withoutOutput(): EmbedbagError {
  return new EmbedbagError({
    code: 'resume-without-output',
    message:
      'Expected an `outputDir` whose checkpoints to go on from for `resumeFromCheckpoint: true`, received none. Set `outputDir`, or give the folder of a checkpoint.',
  });
}

/** The checkpoint that `resumeFromCheckpoint` asks for: a folder, or the newest whole one in `outputDir`. */
export async function findResumePoint(wanted: string | boolean, outputDir: string | undefined): Promise<ResumePoint> {
  if (wanted === false) return { checkpoint: undefined, notices: [] };
  if (typeof wanted === 'string') return { checkpoint: await openCheckpoint(wanted), notices: [] };
  if (outputDir === undefined) throw withoutOutput();
  const { checkpoint, skipped } = await newestCheckpoint(outputDir);
  const notices = skipped.map((message) => notice('checkpoint-skipped', message));
  if (checkpoint === undefined) {
    const message = `There is no checkpoint in \`${outputDir}\` to go on from; the run begins with its first step.`;
    notices.push(notice('no-checkpoint', message));
  }
  return { checkpoint, notices };
}

/**
 * Refuses to go on with another run than the checkpoint's: `resume-mismatch`, which names all differences. Returns what to
 * tell where it goes on, but on other kernels.
 */
export async function checkResumable(
  { folder, state, read }: SavedCheckpoint,
  identity: RunIdentity,
  { model }: TrainingPlan,
): Promise<NoticeEvent[]> {
  const was = state.identity;
  const sums = [was.initial_table];
  const { rows, columns } = model.table;
  const { vocabulary_size, dimension } = was.setup.model as { vocabulary_size: number; dimension: number };
  // A model that was loaded from the checkpoint is the same run too.
  if (!sums.includes(identity.initial_table) && vocabulary_size === rows && dimension === columns) {
    const table = new Float32Array(rows * columns);
    await read({ table });
    sums.push(tableSum(table));
  }
  const differences = resumeDifferences(was, identity, sums);
  if (differences.length > 0) {
    throw new EmbedbagError({
      code: 'resume-mismatch',
      message: `Expected the run that saved \`${folder}\`, received one that differs: ${differences.join('; ')}. Give it the same data, arguments and loss, or begin a new run that takes the checkpoint as its model.`,
      details: { folder, differences },
    });
  }
  if (was.backend === identity.backend && was.threads === identity.threads) return [];
  const kernels = ({ backend, threads }: RunIdentity): string => `\`${backend}\` with ${threads} threads`;
  const message = `The checkpoint was made on ${kernels(was)}, the run goes on on ${kernels(identity)}: its last bits may differ from those of a run that was never stopped.`;
  return [notice('other-kernels', message)];
}
