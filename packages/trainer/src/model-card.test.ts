import type { Loss } from '@embedbag/core';
import { datasetFromColumns } from '@embedbag/datasets';
import { createTypeScriptKernels } from '@embedbag/kernels';
import { matryoshkaLoss, multipleNegativesRankingLoss } from '@embedbag/losses';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { sampleDatasets } from './dataset-samples.js';
import { type ModelCardInput, modelCard } from './model-card.js';
import { createRunProgress, type RunProgress } from './run-progress.js';
import type { EvaluationRecord, TrainOptions } from './train-options.js';
import { pairsDataset, scriptedLoss, tinyModel, tinyPlan } from './training-fixtures.js';

const ENVIRONMENT: ModelCardInput['environment'] = {
  versions: { node: '20.19.0', '@embedbag/trainer': '1.2.3' },
  processor: 'A processor',
  processors: 2,
  memoryBytes: 8 * 2 ** 30,
  platform: 'linux x64',
};

const MEASUREMENT = { elapsedMs: 9_876_000, stepsMs: 8_000_000, startStep: 0, pairs: 96_000 };

async function cardOf(
  options: Partial<Pick<TrainOptions, 'loss' | 'datasets' | 'arguments'>> = {},
  progress: Partial<RunProgress> = {},
  more: Partial<ModelCardInput> = {},
): Promise<string> {
  const kernels = createTypeScriptKernels();
  const model = await tinyModel(kernels);
  const plan = tinyPlan({
    model,
    datasets: [pairsDataset('first', 64), pairsDataset('second', 32, 64)],
    ...options,
  });
  const card = modelCard({
    plan,
    progress: { ...createRunProgress(), ...progress },
    evaluations: [],
    samples: await sampleDatasets(plan.datasets, model),
    environment: ENVIRONMENT,
    measurement: MEASUREMENT,
    hasCurve: false,
    ...more,
  });
  kernels.dispose();
  return card;
}

/** The metadata that the hub reads of a card. */
function headOf(card: string): Record<string, unknown> {
  const [, head] = /^---\n(.*?)\n---\n/s.exec(card)!;
  return parse(head!) as Record<string, unknown>;
}

function record(step: number, metrics: Record<string, number>, primaryMetric: string, name = 'tiny'): EvaluationRecord {
  return { step, name, result: { metrics, primaryMetric } };
}

test('the card of a whole run tells the data, the loss and the arguments', async () => {
  const card = await cardOf({}, { step: 6, pairs: 96 });
  expect(card).toContain('# Static embedding model, 8 dimensions\n');
  expect(card).toContain('6 steps, with a warm-up of 1 step, over 96 rows, on `typescript` kernels with 1 thread.\n');
  expect(card).toContain('| first | 64 | anchor, positive |\n| second | 32 | anchor, positive |');
  expect(card).toContain('`MultipleNegativesRankingLoss`:\n\n```json\n{\n  "scale": 20');
  expect(card).toContain('- `batchSampler`: NO_DUPLICATES\n- `multiDatasetBatchSampler`: PROPORTIONAL\n');
  expect(card).not.toContain('## Evaluation');
  expect(card).not.toContain('.svg');
});

test('the card of a run that was stopped tells the plan', async () => {
  expect(await cardOf({}, { step: 2, pairs: 32 })).toContain('The plan was 6 steps.');
});

test('the card of a model for the hub tells its name there', async () => {
  const card = await cardOf({ arguments: { hubModelId: 'owner/name' } });
  expect(card).toContain("StaticEmbedding.load('owner/name', { hub: createHub() });");
  expect(card).toContain("import { createHub } from '@embedbag/hub';\nimport { cosineSimilarity,");
  expect(card).toContain('SentenceTransformer("owner/name", device="cpu")');
  expect(card).not.toContain('path/to');
});

test('the picture of the curve is shown where there is one', async () => {
  expect(await cardOf({}, {}, { hasCurve: true })).toContain(
    '\n![The loss and the scores by step](training_curve.svg)\n',
  );
});

test('the same run gives the same bytes', async () => {
  expect(await cardOf({}, { step: 6 })).toBe(await cardOf({}, { step: 6 }));
});

describe('scores', () => {
  test('are the newest of each evaluator, the primary metric in bold', async () => {
    const evaluations = [3, 6].map((step) =>
      record(step, { 'tiny_cosine_ndcg@10': step / 12, tiny_other: 1 }, 'tiny_cosine_ndcg@10'),
    );
    const card = await cardOf({}, { step: 6 }, { evaluations });
    expect(card).toContain('### tiny, at step 6\n');
    expect(card).toContain('| metric | value |\n| --- | --- |\n| **cosine_ndcg@10** | 0.5000 |');
    expect(card).toContain('| tiny_other | 1.0000 |');
    expect(card).not.toContain('0.2500');
  });

  test('at several dims are columns, widest first', async () => {
    const metrics = {
      'tiny_cosine_ndcg@10': 0.5,
      'tiny_4_cosine_ndcg@10': 0.4,
      'tiny_8_cosine_ndcg@10': 0.5,
      'tiny_cosine_map@100': 0.3,
      'tiny_4_cosine_map@100': 0.2,
      'tiny_8_cosine_map@100': 0.3,
    };
    const evaluations = [record(6, metrics, 'tiny_cosine_ndcg@10')];
    expect(await cardOf({}, { step: 6 }, { evaluations })).toContain(
      '| metric | 8 dims | 4 dims |\n| --- | --- | --- |\n| **cosine_ndcg@10** | 0.5000 | 0.4000 |\n| cosine_map@100 | 0.3000 | 0.2000 |',
    );
  });

  test('of several datasets have a table by dataset first', async () => {
    const metrics = { 'Nano_mean_cosine_ndcg@10': 0.5, 'NanoA_cosine_ndcg@10': 0.25, 'NanoB_cosine_ndcg@10': 0.75 };
    const evaluations = [record(6, metrics, 'Nano_mean_cosine_ndcg@10', 'Nano_mean')];
    expect(await cardOf({}, { step: 6 }, { evaluations })).toContain(
      '| dataset | cosine_ndcg@10 |\n| --- | --- |\n| Nano_mean | 0.5000 |\n| NanoA | 0.2500 |\n| NanoB | 0.7500 |',
    );
  });
});

describe('the head', () => {
  test('has the tags of the hub, the size and the losses', async () => {
    const loss = matryoshkaLoss(multipleNegativesRankingLoss(), { dims: [8, 4] });
    const card = await cardOf({ loss });
    expect(headOf(card)).toEqual({
      library_name: 'sentence-transformers',
      pipeline_tag: 'sentence-similarity',
      tags: [
        'sentence-transformers',
        'sentence-similarity',
        'feature-extraction',
        'dense',
        'static-embedding',
        'embedbag',
        'generated_from_trainer',
        'dataset_size:96',
        'loss:MatryoshkaLoss',
        'loss:MultipleNegativesRankingLoss',
      ],
    });
    expect(card).toContain('with `truncateDim: 4`, or `truncate_dim=4` in Python, it has 4.');
  });

  test('has the scores of the whole embedding as a model index', async () => {
    const metrics = {
      'a: "b"_cosine_ndcg@10': 0.5,
      'a: "b"_4_cosine_ndcg@10': 0.4,
      'a: "b"_cosine_recall@5': Number.NaN,
    };
    const evaluations = [record(6, metrics, 'a: "b"_cosine_ndcg@10')];
    const card = await cardOf({ arguments: { runName: 'Search: the "first"' } }, { step: 6 }, { evaluations });
    expect(headOf(card)).toMatchObject({
      metrics: ['cosine_ndcg@10'],
      'model-index': [
        {
          name: 'Search: the "first"',
          results: [
            {
              task: { type: 'information-retrieval', name: 'Information Retrieval' },
              dataset: { name: 'a: "b"', type: 'a: "b"' },
              metrics: [{ type: 'cosine_ndcg@10', value: 0.5, name: 'Cosine Ndcg@10' }],
            },
          ],
        },
      ],
    });
  });
});

describe('datasets', () => {
  test('are shown with the counts of their tokens and their first rows', async () => {
    const columns = {
      anchor: ['red', 'red green', 'a|b\n<i>*c*</i>', 'blue'],
      positive: ['x', 'y', 'z'.repeat(400), 'w'],
    };
    const card = await cardOf({ datasets: [datasetFromColumns({ name: 'few', columns })] });
    expect(card).toMatch(/#### few\n\n- Size: 4 rows\n- Columns: `anchor`, `positive`\n- Loss: `Multiple/);
    expect(card).toMatch(/Tokens:\n\n\| column \| fewest tokens \| mean \| most \|\n\| --- .*\n\| anchor \| 1 \| \d/);
    expect(card).toContain('| red | x |\n| red green | y |\n| a\\|b<br>&lt;i&gt;\\*c\\*&lt;/i&gt; | ');
    expect(card).toContain(`${'z'.repeat(300)}... |`);
    expect(card).not.toContain('| blue |');
  });

  test('are shown with their labels', async () => {
    const dataset = datasetFromColumns({
      name: 'scored',
      columns: { anchor: ['a'], positive: ['b'] },
      labels: [0.25],
    });
    expect(await cardOf({ datasets: [dataset] })).toMatch(
      /\| \w+ \| \w+ \| label \|\n\| --- \| --- \| --- \|\n\| a \| b \| 0.25 \|/,
    );
  });

  test('with a bar in the name do not break the table', async () => {
    expect(await cardOf({ datasets: [pairsDataset('a|b', 20)] })).toContain('| a\\|b | 20 |');
  });
});

test('losses by dataset are named with their datasets, and each citation comes once', async () => {
  const first: Loss = { ...scriptedLoss(() => 1), citation: '@misc{one}' };
  const second: Loss = { ...multipleNegativesRankingLoss(), citation: '@misc{two,\n\n  a = 1\n}\n\n@misc{one}' };
  const card = await cardOf({ loss: { first, second } });
  expect(card).toContain('`ScriptedLoss` for `first`:');
  expect(card).toContain('`MultipleNegativesRankingLoss` for `second`:');
  expect(card.split('@misc{one}')).toHaveLength(2);
  expect(card).toContain('```bibtex\n@misc{two,\n\n  a = 1\n}\n```');
});

describe('the environment', () => {
  test('is told with the time, and the energy where the machine tells it', async () => {
    const card = await cardOf({}, {}, { measurement: { ...MEASUREMENT, joules: 1_234_567 } });
    expect(card).toContain(
      '- Time: 2 h 44 min; in steps 2 h 13 min, 12 rows a second\n- Energy: 0.343 kWh, of the processors with all that ran on them, by their RAPL counters\n- Machine: A processor, 2 processors, 8.0 GiB, linux x64\n- node 20.19.0\n- @embedbag/trainer 1.2.3\n',
    );
    expect(await cardOf()).not.toContain('Energy');
  });

  test('of a run that went on is that of its last part', async () => {
    const card = await cardOf({}, {}, { measurement: { ...MEASUREMENT, startStep: 2000 } });
    expect(card).toContain('- Time: 2 h 44 min, from step 2,000 on; in steps');
  });
});
