import { relative, sep } from 'node:path';
import { type EvaluationSet, evaluationSets } from '@embedbag/cli';
import { EmbedbagError, type Hub } from '@embedbag/core';
import { listDatasetFolders } from '@embedbag/datasets';
import { RECIPE, type SimilaritySet } from './recipe.js';

const SETTINGS = { truncateDims: RECIPE.matryoshkaDims, similarityFunctions: ['cosine'] } as const;

/** What reading needs beside the path. */
interface ReadingPlace {
  readonly hub: Hub;
  readonly signal: AbortSignal;
}

/**
 * The files of pairs in `folder` and in folders inside it: scored pairs (columns sentence1, sentence2, score) and translations
 * (english, non_english). Of `de-dev` and `de-test` the second is taken; folders in BEIR layout are passed over.
 *
 * @throws EmbedbagError `unsuitable-evaluation` for files of another kind, and what the readers throw.
 */
export async function readEvaluationFolder(folder: string, place: ReadingPlace): Promise<SimilaritySet[]> {
  const sets: SimilaritySet[] = [];
  for (const path of await listDatasetFolders(folder)) {
    const inside = relative(folder, path).split(sep).join('/');
    const found = await evaluationSets({ path }, SETTINGS, place);
    const names = new Set(found.map(({ name }) => name));
    for (const set of found) {
      if (!hasTestBeside(set.name, names)) sets.push(similaritySet(set, inside, path));
    }
  }
  return sets;
}

/** `de-dev` and `de-train` where there is a `de-test`. */
function hasTestBeside(name: string, names: ReadonlySet<string>): boolean {
  const plain = /^(.+)-(?:dev|validation|train)$/.exec(name)?.[1];
  return plain !== undefined && names.has(`${plain}-test`);
}

function similaritySet({ kind, name, evaluator }: EvaluationSet, inside: string, path: string): SimilaritySet {
  if (kind === 'similarity' || kind === 'translation') {
    return { kind, name: inside === '' ? name : `${inside}/${name}`, size: Number(evaluator.config.pairs), evaluator };
  }
  throw new EmbedbagError({
    code: 'unsuitable-evaluation',
    message: `Expected files with the columns sentence1, sentence2, score or english, non_english in ${path}, received ${kind}. Measure those with \`embedbag evaluate --data ${path}\`.`,
    details: { path, kind },
  });
}
