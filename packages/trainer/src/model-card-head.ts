import type { Loss } from '@embedbag/core';
import { type ScoreGroup, taskOf } from './score-groups.js';

/** What {@link modelCardHead} tells the hub. */
export interface ModelCardHeadInput {
  readonly title: string;
  /** Rows of all datasets. */
  readonly rows: number;
  readonly losses: readonly Loss[];
  /** The newest scores. */
  readonly scores: readonly ScoreGroup[];
}

/** A string as YAML takes it whatever is in it: JSON's strings are YAML's too. */
const quoted = (text: string): string => JSON.stringify(text);

const titled = (figure: string): string =>
  figure.replaceAll('_', ' ').replaceAll(/[a-z]+/gi, (word) => word[0]!.toUpperCase() + word.slice(1).toLowerCase());

/** The name of a loss, and those of the losses inside it. */
function lossNames({ name, config }: Pick<Loss, 'name' | 'config'>): string[] {
  return typeof config.loss === 'string' ? [name, config.loss] : [name];
}

interface Metric {
  readonly figure: string;
  readonly value: number;
}

/** The figures of the whole embedding that YAML can hold. */
function metricsOf({ figures }: ScoreGroup): Metric[] {
  return [...figures].flatMap(([figure, byDim]) => {
    const value = byDim.get(undefined);
    return value === undefined || !Number.isFinite(value) ? [] : [{ figure, value }];
  });
}

function resultLines(group: ScoreGroup): string[] {
  const metrics = metricsOf(group);
  if (metrics.length === 0) return [];
  const [type, name] = taskOf(group);
  const dataset = quoted(group.name === '' ? 'Unknown' : group.name);
  return [
    '  - task:',
    `      type: ${type}`,
    `      name: ${name}`,
    '    dataset:',
    `      name: ${dataset}`,
    `      type: ${dataset}`,
    '    metrics:',
    ...metrics.flatMap(({ figure, value }) => [
      `    - type: ${quoted(figure)}`,
      `      value: ${value}`,
      `      name: ${quoted(titled(figure))}`,
    ]),
  ];
}

/** The metadata at the head of a card, in YAML, by which the hub finds and shows a model. */
export function modelCardHead({ title, rows, losses, scores }: ModelCardHeadInput): string {
  const tags = [
    'sentence-transformers',
    'sentence-similarity',
    'feature-extraction',
    'dense',
    'static-embedding',
    'embedbag',
    'generated_from_trainer',
    `dataset_size:${rows}`,
    ...losses.flatMap(lossNames).map((name) => `loss:${name}`),
  ];
  const figures = [...new Set(scores.flatMap((group) => metricsOf(group).map(({ figure }) => figure)))];
  const results = scores.flatMap(resultLines);
  return [
    '---',
    'library_name: sentence-transformers',
    'pipeline_tag: sentence-similarity',
    'tags:',
    ...[...new Set(tags)].map((tag) => `- ${quoted(tag)}`),
    ...(figures.length === 0 ? [] : ['metrics:', ...figures.map((figure) => `- ${quoted(figure)}`)]),
    ...(results.length === 0 ? [] : ['model-index:', `- name: ${quoted(title)}`, '  results:', ...results]),
    '---',
  ].join('\n');
}
