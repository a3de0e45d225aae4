import { stat } from 'node:fs/promises';
import { EmbedbagError, type Hub, isEmbedbagError } from '@embedbag/core';
import { type ColumnDataset, listRetrievalFolders, readDatasets, readRetrievalFolder } from '@embedbag/datasets';
import { type EvaluatorByDim, informationRetrievalEvaluator } from '@embedbag/evaluators';
import {
  type EvaluationKindName,
  type EvaluatorSettings,
  FILE_KINDS,
  type FileKind,
  mappingFor,
} from './evaluation-kinds.js';

/** One set of data and what measures a model on it. */
export interface EvaluationSet {
  readonly kind: EvaluationKindName;
  /** Unique among the sets of a run. */
  readonly name: string;
  /** Such as `300 queries, 5183 documents`. */
  readonly size: string;
  readonly evaluator: EvaluatorByDim;
}

/** Where evaluation data are, and how to read them. */
export interface EvaluationSource {
  readonly path: string;
  /** Default: by what is there. */
  readonly kind?: EvaluationKindName;
  /** Other names for columns of the kind. */
  readonly columns?: Readonly<Record<string, string>>;
}

/** What reading data needs beside their place. */
export interface ReadingPlace {
  readonly hub: Hub;
  readonly signal: AbortSignal;
}

/** BEIR folders at `path`, one set each. */
async function retrievalSets(
  path: string,
  settings: EvaluatorSettings,
  { signal }: ReadingPlace,
): Promise<EvaluationSet[]> {
  const sets: EvaluationSet[] = [];
  for (const folder of await listRetrievalFolders(path)) {
    const data = await readRetrievalFolder(folder, { signal });
    sets.push({
      kind: 'retrieval',
      name: data.name,
      size: `${data.queries.size} queries, ${data.corpus.size} documents`,
      evaluator: informationRetrievalEvaluator({ ...data, ...settings }),
    });
  }
  return sets;
}

function fileKind(name: EvaluationKindName): FileKind | undefined {
  return FILE_KINDS.find((kind) => kind.name === name);
}

function checkColumns({ kind, columns }: EvaluationSource): void {
  if (columns === undefined) return;
  const known = kind === undefined ? [] : (fileKind(kind)?.columns ?? []).map(([column]) => column);
  const unknown = Object.keys(columns).find((column) => !known.includes(column));
  if (known.length > 0 && unknown === undefined) return;
  const expected =
    known.length === 0
      ? `\`--kind\` with one of ${FILE_KINDS.map(({ name }) => name).join(', ')} beside \`--columns\``
      : `\`--columns\` to name ${known.join(', ')}`;
  throw new EmbedbagError({
    code: 'invalid-columns',
    message: `Expected ${expected}, received ${unknown === undefined || known.length === 0 ? (kind ?? 'none') : `\`${unknown}\``}. Write such as --kind similarity --columns sentence1=first,sentence2=second,score=gold.`,
    details: { kind: kind ?? '', columns: { ...columns } },
  });
}

/** The data of `path` as the first kind whose columns they have. */
async function recognised(
  path: string,
  place: ReadingPlace,
): Promise<{ readonly kind: FileKind; readonly datasets: readonly ColumnDataset[] }> {
  let received: unknown = [];
  for (const kind of FILE_KINDS) {
    try {
      return { kind, datasets: await readDatasets(path, { columns: mappingFor(kind), ...place }) };
    } catch (error) {
      if (!isEmbedbagError(error) || error.code !== 'missing-column') throw error;
      received = error.details.received;
    }
  }
  const expected = FILE_KINDS.map(({ name, columns }) => `${columns.map(([column]) => column).join(', ')} (${name})`);
  throw new EmbedbagError({
    code: 'missing-column',
    message: `Expected the columns ${expected.join(' or ')} in ${path}, received ${(received as string[]).join(', ') || 'none'}. Say which is which with \`--kind\` and \`--columns\`.`,
    details: { path, received: received as string[] },
  });
}

async function fileSets(
  { path, kind: kindName, columns }: EvaluationSource,
  settings: EvaluatorSettings,
  place: ReadingPlace,
): Promise<EvaluationSet[]> {
  const named = kindName === undefined ? undefined : fileKind(kindName)!;
  const { kind, datasets } =
    named === undefined
      ? await recognised(path, place)
      : { kind: named, datasets: await readDatasets(path, { columns: mappingFor(named, columns), ...place }) };
  return datasets.map((data) => ({
    kind: kind.name,
    name: data.name,
    size: `${data.rowCount} ${kind.name === 'triplets' ? 'triplets' : 'pairs'}`,
    evaluator: kind.evaluator(data, settings),
  }));
}

async function isFolderOfFolders(path: string): Promise<boolean> {
  const isFolder = await stat(path).then(
    (status) => status.isDirectory(),
    () => false,
  );
  return (
    isFolder &&
    (await listRetrievalFolders(path).then(
      () => true,
      () => false,
    ))
  );
}

/**
 * The sets at `source`: BEIR folders, or files of which the columns tell the kind.
 *
 * @throws EmbedbagError `invalid-columns`, `missing-column`, and what the readers and evaluators throw.
 */
export async function evaluationSets(
  source: EvaluationSource,
  settings: EvaluatorSettings,
  place: ReadingPlace,
): Promise<EvaluationSet[]> {
  checkColumns(source);
  const { path, kind } = source;
  if (kind === 'retrieval' || (kind === undefined && (await isFolderOfFolders(path)))) {
    return retrievalSets(path, settings, place);
  }
  return fileSets(source, settings, place);
}
