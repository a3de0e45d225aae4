import type { Loss } from '@embedbag/core';
import type { DatasetSample } from './dataset-samples.js';
import { markdownTable } from './markdown-table.js';
import { datasetSection } from './model-card-datasets.js';
import { modelCardHead } from './model-card-head.js';
import { scoreTables } from './model-card-scores.js';
import type { RunEnvironment } from './run-environment.js';
import type { RunProgress } from './run-progress.js';
import { scoreGroups } from './score-groups.js';
import type { EvaluationRecord } from './train-options.js';
import type { TrainingArguments } from './training-arguments.js';
import type { TrainingPlan } from './training-plan.js';

/** The name of the picture of the training curve, beside the card. */
export const CURVE_FILE = 'training_curve.svg';

/** What was measured of a run. */
export interface RunMeasurement {
  readonly elapsedMs: number;
  /** The part of it spent in steps. */
  readonly stepsMs: number;
  /** The step it is measured from: that of the checkpoint the run went on from, or 0. */
  readonly startStep: number;
  readonly pairs: number;
  /** Of the processors, where the machine tells. */
  readonly joules?: number;
}

/** What {@link modelCard} tells. */
export interface ModelCardInput {
  readonly plan: TrainingPlan;
  readonly progress: Pick<RunProgress, 'step' | 'pairs'>;
  /** Of the table that is saved; the newest of each evaluator is shown. */
  readonly evaluations: readonly EvaluationRecord[];
  /** By dataset of the plan. */
  readonly samples: readonly DatasetSample[];
  readonly environment: RunEnvironment;
  readonly measurement: RunMeasurement;
  /** Whether the picture lies beside the card. */
  readonly hasCurve: boolean;
}

const number = (value: number): string => value.toLocaleString('en-US', { maximumFractionDigits: 4 });
const counted = (value: number, word: string): string => `${number(value)} ${word}${value === 1 ? '' : 's'}`;

/** `9.3 s`, `2 min 44 s`, `1 h 03 min`. */
function duration(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${(ms / 1000).toFixed(1)} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${String(seconds % 60).padStart(2, '0')} s`;
  return `${Math.floor(seconds / 3600)} h ${String(Math.floor((seconds % 3600) / 60)).padStart(2, '0')} min`;
}

function usage({ model, losses, arguments: args }: TrainingPlan): string {
  const { dimension } = model;
  const { hubModelId } = args;
  const dims = losses.flatMap(({ config }) => (Array.isArray(config.dims) ? (config.dims as number[]) : []));
  const smaller = [...new Set(dims)].filter((dim) => dim < dimension).sort((a, b) => b - a)[0];
  const truncated =
    smaller === undefined
      ? ''
      : `\n\nThe first numbers of an embedding are an embedding too: with \`truncateDim: ${smaller}\`, or \`truncate_dim=${smaller}\` in Python, it has ${smaller}.`;
  return `## Usage

From TypeScript (\`npm install @embedbag/static-embedding${hubModelId === undefined ? '' : ' @embedbag/hub'}\`):

\`\`\`ts
${hubModelId === undefined ? '' : "import { createHub } from '@embedbag/hub';\n"}import { cosineSimilarity, StaticEmbedding } from '@embedbag/static-embedding';

const model = await StaticEmbedding.load(${hubModelId === undefined ? "'path/to/this/folder'" : `'${hubModelId}', { hub: createHub() }`});
const queries = model.encode(['how do magnets work']);
const documents = model.encode(['A magnet attracts iron.', 'Bread is baked.']);
const similarities = cosineSimilarity(queries, documents);
\`\`\`

From Python (\`pip install sentence-transformers\`):

\`\`\`python
from sentence_transformers import SentenceTransformer

model = SentenceTransformer("${hubModelId ?? 'path/to/this/folder'}", device="cpu")
embeddings = model.encode(["how do magnets work", "A magnet attracts iron."])
similarities = model.similarity(embeddings, embeddings)
\`\`\`${truncated}`;
}

/** The newest evaluation of each evaluator. */
function newest(evaluations: readonly EvaluationRecord[]): EvaluationRecord[] {
  return [...new Map(evaluations.map((evaluation) => [evaluation.name, evaluation])).values()];
}

function scoresSection(evaluations: readonly EvaluationRecord[]): string {
  if (evaluations.length === 0) return '';
  const tables = evaluations.map((evaluation) => scoreTables(evaluation, scoreGroups(evaluation.result.metrics)));
  return `\n## Evaluation\n\n${tables.join('\n\n')}\n`;
}

function lossSection({ datasets, losses }: TrainingPlan): string {
  return [...new Set(losses)]
    .map((loss) => {
      const used = datasets.filter((_, i) => losses[i] === loss).map((dataset) => `\`${dataset.name}\``);
      const where = used.length === datasets.length ? '' : ` for ${used.join(', ')}`;
      return `\`${loss.name}\`${where}:\n\n\`\`\`json\n${JSON.stringify(loss.config, undefined, 2)}\n\`\`\``;
    })
    .join('\n\n');
}

/** Each BibTeX entry once, also where several losses bring it along. */
function citations(losses: readonly Loss[]): string {
  const entries = losses.flatMap(({ citation }) => citation?.trim().split(/\n\s*\n(?=@)/) ?? []);
  const all = [...new Set(entries.map((entry) => entry.trim()))];
  if (all.length === 0) return '';
  return `\n## Citation\n\n${all.map((text) => `\`\`\`bibtex\n${text}\n\`\`\``).join('\n\n')}\n`;
}

function hyperparameters({
  arguments: args,
  initialTable,
  batchSampler,
  multiDatasetBatchSampler,
}: TrainingPlan): string {
  const shown = (value: unknown): string => (Array.isArray(value) ? value.join(', ') || 'none' : String(value));
  const hidden: readonly (keyof TrainingArguments)[] = ['outputDir'];
  return [
    ...Object.entries(args)
      .filter(([key]) => !hidden.includes(key as keyof TrainingArguments))
      .map(([key, value]) => `- \`${key}\`: ${shown(value)}`),
    ...(initialTable === undefined ? [] : [`- \`initialTable\`: \`${JSON.stringify(initialTable)}\``]),
    `- \`batchSampler\`: ${batchSampler.name}`,
    `- \`multiDatasetBatchSampler\`: ${multiDatasetBatchSampler.name}`,
  ].join('\n');
}

function environmentSection({ environment, measurement }: ModelCardInput): string {
  const { versions, processor, processors, memoryBytes, platform } = environment;
  const { elapsedMs, stepsMs, startStep, pairs, joules } = measurement;
  const from = startStep > 0 ? `, from step ${number(startStep)} on` : '';
  const rate = stepsMs > 0 ? `, ${Math.round((pairs * 1000) / stepsMs).toLocaleString('en-US')} rows a second` : '';
  const kilowattHours = joules === undefined ? undefined : (joules / 3.6e6).toPrecision(3);
  return [
    `- Time: ${duration(elapsedMs)}${from}; in steps ${duration(stepsMs)}${rate}`,
    ...(kilowattHours === undefined
      ? []
      : [`- Energy: ${kilowattHours} kWh${from}, of the processors with all that ran on them, by their RAPL counters`]),
    `- Machine: ${processor}, ${counted(processors, 'processor')}, ${(memoryBytes / 2 ** 30).toFixed(1)} GiB, ${platform}`,
    ...Object.entries(versions).map(([name, version]) => `- ${name} ${version}`),
  ].join('\n');
}

/**
 * The README.md of a model in training: what it is, how to use it, its scores, what it was trained on, how, and on what. The
 * same input gives the same bytes. Follows the cards of sentence-transformers.
 */
export function modelCard(input: ModelCardInput): string {
  const { plan, progress, samples, hasCurve } = input;
  const { datasets, losses, arguments: args, steps, model } = plan;
  const { step, pairs } = progress;
  const { backend, threads } = model.kernels;
  const evaluations = newest(input.evaluations);
  const scores = evaluations.flatMap(({ result }) => scoreGroups(result.metrics));
  const title = args.runName ?? `Static embedding model, ${model.dimension} dimensions`;
  const rows = datasets.reduce((sum, { rowCount }) => sum + rowCount, 0);
  const list = datasets.map(({ name, rowCount, columns }) => [name, number(rowCount), columns.join(', ')]);
  const unfinished = step < steps ? ` The plan was ${counted(steps, 'step')}.` : '';
  const curve = hasCurve ? `\n![The loss and the scores by step](${CURVE_FILE})\n` : '';
  return `${modelCardHead({ title, rows, losses: [...new Set(losses)], scores })}

# ${title}

A static text-embedding model: a table of ${number(model.table.rows)} tokens x ${number(model.dimension)} dimensions. The embedding of a text is the mean of its tokens' rows; embeddings are compared by cosine similarity. Trained with embedbag.

${usage(plan)}
${scoresSection(evaluations)}
## Training

${counted(step, 'step')}, with a warm-up of ${counted(plan.warmupSteps, 'step')}, over ${counted(pairs, 'row')}, on \`${backend}\` kernels with ${counted(threads, 'thread')}.${unfinished}
${curve}
### Datasets

${markdownTable(['dataset', 'rows', 'columns'], list)}

${samples.map((sample, i) => datasetSection(sample, losses[i]!)).join('\n\n')}

### Loss

${lossSection(plan)}

### Hyper-parameters

${hyperparameters(plan)}

### Environment

${environmentSection(input)}
${citations(losses)}`;
}
