import { StaticEmbedding } from '@embedbag/static-embedding';
import { Command } from 'commander';
import { addKernelOptions, type KernelOptions, kernelsFromOptions } from '../kernel-options.js';
import { programHub } from '../program-hub.js';
import type { ProgramContext } from '../run-program.js';

interface InfoOptions extends KernelOptions {
  readonly model?: string;
  readonly json?: boolean;
}

/** `embedbag info`: what a model folder holds and what would compute with it here. */
export function infoCommand(context: ProgramContext): Command {
  const command = new Command('info')
    .description('Tell what a model folder holds, and which backend computes on this machine.')
    .option('--model <model>', 'a saved model or the id of one on the hub; without it only the backend is told')
    .option('--json', 'print one JSON object')
    .addHelpText('after', '\nExample:\n  $ embedbag info --model my-model/final');
  return addKernelOptions(command).action((options: InfoOptions) => info(options, context));
}

async function info(options: InfoOptions, { stdout, stderr, signal }: ProgramContext): Promise<void> {
  const kernels = await kernelsFromOptions(options, { stderr });
  try {
    const facts: Record<string, string | number | boolean> = { backend: kernels.backend, threads: kernels.threads };
    if (options.model !== undefined) {
      const model = await StaticEmbedding.load(options.model, { kernels, hub: programHub({ stderr }), signal });
      facts.model = options.model;
      facts.mode = model.config.mode;
      facts.dimension = model.dimension;
      facts.tokens = model.table.rows;
      facts.parameters = model.table.rows * model.dimension;
      facts.tokenizer = model.tokenizer.kind;
      facts.similarity = model.config.similarityFunctionName;
      model.dispose();
    }
    if (options.json) stdout.write(`${JSON.stringify(facts)}\n`);
    else for (const [name, value] of Object.entries(facts)) stdout.write(`${name.padEnd(12)}${String(value)}\n`);
  } finally {
    kernels.dispose();
  }
}
