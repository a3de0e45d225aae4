import { listRetrievalFolders, readRetrievalFolder } from '@embedbag/datasets';
import { informationRetrievalEvaluator, type ResultByDim } from '@embedbag/evaluators';
import { StaticEmbedding } from '@embedbag/static-embedding';
import { Command } from 'commander';
import { addKernelOptions, type KernelOptions, kernelsFromOptions } from '../kernel-options.js';
import { dimsOption } from '../option-values.js';
import { programHub } from '../program-hub.js';
import type { ProgramContext } from '../run-program.js';
import { textTable } from '../text-table.js';

interface EvaluateOptions extends KernelOptions {
  readonly model: string;
  readonly retrieval: string;
  readonly dims?: readonly number[];
  readonly json?: boolean;
}

const SHOWN_METRICS = ['ndcg@10', 'mrr@10', 'map@100', 'recall@10', 'accuracy@1'] as const;

/** `embedbag evaluate`: retrieval scores of a model on BEIR folders. */
export function evaluateCommand(context: ProgramContext): Command {
  const command = new Command('evaluate')
    .description('Measure how well a model retrieves: NDCG, MRR, MAP, recall, precision and accuracy.')
    .requiredOption('--model <model>', 'the folder of a saved model, or the id of one on the Hugging Face Hub')
    .requiredOption(
      '--retrieval <folder>',
      'a folder in BEIR layout (corpus.jsonl, queries.jsonl, qrels/), or one that holds such folders',
    )
    .option('--dims <list>', 'evaluate the first so many dims too, such as 1024,256', dimsOption)
    .option('--json', 'print one JSON object with every metric')
    .addHelpText(
      'after',
      '\nExample:\n  $ embedbag evaluate --model my-model/final --retrieval data/scifact --dims 1024,256,64',
    );
  return addKernelOptions(command).action((options: EvaluateOptions) => evaluate(options, context));
}

async function evaluate(options: EvaluateOptions, { stdout, stderr, signal }: ProgramContext): Promise<void> {
  const kernels = await kernelsFromOptions(options, { stderr });
  try {
    const folders = await listRetrievalFolders(options.retrieval);
    const model = await StaticEmbedding.load(options.model, { kernels, hub: programHub({ stderr }), signal });
    const dims = options.dims ?? [model.dimension];
    const results: Record<string, ResultByDim> = {};
    for (const folder of folders) {
      const data = await readRetrievalFolder(folder, { signal });
      if (!options.json) stderr.write(`${data.name}: ${data.queries.size} queries, ${data.corpus.size} documents\n`);
      results[data.name] = await informationRetrievalEvaluator({ ...data, truncateDims: dims }).evaluate(model, {
        signal,
      });
    }
    model.dispose();
    if (options.json) stdout.write(`${JSON.stringify({ model: options.model, dims, results })}\n`);
    else stdout.write(resultTable(results, dims));
  } finally {
    kernels.dispose();
  }
}

function resultTable(results: Readonly<Record<string, ResultByDim>>, dims: readonly number[]): string {
  const rows = Object.entries(results).flatMap(([name, result]) =>
    dims.map((dim) => [
      name,
      String(dim),
      ...SHOWN_METRICS.map((metric) => (result.byDim[dim]?.[`cosine_${metric}`] ?? Number.NaN).toFixed(4)),
    ]),
  );
  return textTable(['retrieval set', 'dim', ...SHOWN_METRICS], rows);
}
