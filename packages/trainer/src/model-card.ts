import type { Loss, TextDataset } from '@embedbag/core';
import type { RunProgress } from './run-progress.js';
import type { EvaluationRecord } from './train-options.js';
import type { TrainingArguments } from './training-arguments.js';
import type { TrainingPlan } from './training-plan.js';

const number = (value: number): string => value.toLocaleString('en-US', { maximumFractionDigits: 4 });

const counted = (value: number, word: string): string => `${number(value)} ${word}${value === 1 ? '' : 's'}`;

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

function usage(folder: string): string {
  return `## Usage

From TypeScript (\`npm install @embedbag/static-embedding\`):

\`\`\`ts
import { cosineSimilarity, StaticEmbedding } from '@embedbag/static-embedding';

const model = await StaticEmbedding.load('${folder}');
const queries = model.encode(['how do magnets work']);
const documents = model.encode(['A magnet attracts iron.', 'Bread is baked.']);
const similarities = cosineSimilarity(queries, documents);
\`\`\`

From Python (\`pip install sentence-transformers\`):

\`\`\`python
from sentence_transformers import SentenceTransformer

model = SentenceTransformer("${folder}", device="cpu")
embeddings = model.encode(["how do magnets work", "A magnet attracts iron."])
similarities = model.similarity(embeddings, embeddings)
\`\`\``;
}

function lossSection(datasets: readonly TextDataset[], losses: readonly Loss[]): string {
  return [...new Set(losses)]
    .map((loss) => {
      const used = datasets.filter((_, i) => losses[i] === loss).map((dataset) => `\`${dataset.name}\``);
      const where = used.length === datasets.length ? '' : ` for ${used.join(', ')}`;
      return `\`${loss.name}\`${where}:\n\n\`\`\`json\n${JSON.stringify(loss.config, undefined, 2)}\n\`\`\``;
    })
    .join('\n\n');
}

function scoresSection(evaluations: readonly EvaluationRecord[]): string {
  if (evaluations.length === 0) return '';
  const newest = new Map(evaluations.map((evaluation) => [evaluation.name, evaluation]));
  const rows = [...newest.values()].flatMap(({ result }) =>
    Object.entries(result.metrics).map(([key, value]) => [
      key === result.primaryMetric ? `**${key}**` : key,
      value.toFixed(4),
    ]),
  );
  return `\n## Evaluation\n\n${table(['metric', 'value'], rows)}\n`;
}

function citations(losses: readonly Loss[]): string {
  const all = [...new Set(losses.map((loss) => loss.citation?.trim()))].filter((text) => text !== undefined);
  return all.length === 0
    ? ''
    : `\n## Citation\n\n${all.map((text) => `\`\`\`bibtex\n${text}\n\`\`\``).join('\n\n')}\n`;
}

function hyperparameters(args: TrainingArguments): string {
  return Object.entries(args)
    .filter(([key]) => key !== 'outputDir')
    .map(([key, value]) => `- \`${key}\`: ${value}`)
    .join('\n');
}

const FRONT_MATTER = `---
library_name: sentence-transformers
pipeline_tag: sentence-similarity
tags:
- sentence-transformers
- sentence-similarity
- feature-extraction
- static-embedding
- embedbag
---`;

/** The README.md of a model in training: what it is, how to use it, what it was trained on and how, and its scores. */
export function modelCard(plan: TrainingPlan, progress: RunProgress, evaluations: readonly EvaluationRecord[]): string {
  const { datasets, losses, arguments: args, steps, model } = plan;
  const { step, pairs } = progress;
  const { backend, threads } = model.kernels;
  const rows = datasets.map(({ name, rowCount, columns }) => [name, number(rowCount), columns.join(', ')]);
  const title = args.runName ?? `Static embedding model, ${model.dimension} dimensions`;
  const unfinished = step < steps ? ` The plan was ${counted(steps, 'step')}.` : '';
  return `${FRONT_MATTER}

# ${title}

A static text-embedding model: a table of ${number(model.table.rows)} tokens x ${number(model.dimension)} dimensions. The embedding of a text is the mean of its tokens' rows; embeddings are compared by cosine similarity. Trained with embedbag.

${usage('path/to/this/folder')}
${scoresSection(evaluations)}
## Training

${counted(step, 'step')}, with a warm-up of ${counted(plan.warmupSteps, 'step')}, over ${counted(pairs, 'row')}, on \`${backend}\` kernels with ${counted(threads, 'thread')}.${unfinished}

### Datasets

${table(['dataset', 'rows', 'columns'], rows)}

### Loss

${lossSection(datasets, losses)}

### Hyper-parameters

${hyperparameters(args)}
- \`batchSampler\`: ${plan.batchSampler.name}
- \`multiDatasetBatchSampler\`: ${plan.multiDatasetBatchSampler.name}
${citations(losses)}`;
}
