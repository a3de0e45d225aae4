// One start: load the model, embed a text, print it. The arguments are a variant and the settings of the case.
import { StaticEmbedding } from '@embedbag/static-embedding';
import { peakBytes } from './peak-bytes.mjs';

const settings = JSON.parse(process.argv[3] ?? '{}');
const model = await StaticEmbedding.load(settings.models.sentenceTransformers);
const embedding = model.encode(settings.text, { normalize: true });
process.stdout.write(`${JSON.stringify({ embedding: Array.from(embedding), peakBytes: peakBytes() })}\n`);
model.dispose();
