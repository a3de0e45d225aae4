// A transformer in ONNX as guide. Its embeddings are made once, in minutes to hours, and kept in a folder; stopped, the program goes on
// when it is started again. The commands `embedbag guide` and `embedbag train --loss gist` do the same.
// Typechecked and not run here: the model would be downloaded. `npm install @huggingface/transformers` before you run it.
import { guideFromFolder, readDatasets, writeGuideEmbeddings } from '@embedbag/datasets';
import { transformerTeacher } from '@embedbag/distillation';
import { gistEmbedLoss, matryoshkaLoss } from '@embedbag/losses';
import { StaticEmbedding } from '@embedbag/static-embedding';
import { loadTokenizer } from '@embedbag/tokenization';
import { train } from '@embedbag/trainer';

const transformer = await transformerTeacher('Xenova/all-MiniLM-L6-v2');
const datasets = await readDatasets('train');
await writeGuideEmbeddings('guide', {
  datasets,
  guide: transformer,
  guideName: 'all-MiniLM-L6-v2',
  batchSize: 64,
  onProgress: ({ texts, totalTexts, keptTexts }) => console.log(`${texts} of ${totalTexts} texts, ${keptTexts} kept`),
});
await transformer.dispose();

const guide = await guideFromFolder('guide', { datasets, guideName: 'all-MiniLM-L6-v2' });
const model = await StaticEmbedding.create({
  tokenizer: await loadTokenizer('tokenizer.json'),
  dimension: 1024,
  seed: 42,
});
await train({
  model,
  datasets,
  loss: matryoshkaLoss(gistEmbedLoss({ guide, guideName: 'all-MiniLM-L6-v2' }), { dims: [1024, 256, 64] }),
  arguments: { outputDir: 'output' },
});
model.dispose();
