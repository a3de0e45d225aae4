import type { StaticEmbedding } from '@embedbag/static-embedding';
import type { DistillReport } from './distill.js';

function share(value: number): string {
  return `${(100 * value).toFixed(1)} %`;
}

/**
 * The README.md of a model that `distill` made: what it is, what it was made from and how it is used.
 *
 * @example
 * ```ts
 * await model.save('distilled', { readme: distilledModelCard(model, report) });
 * ```
 */
export function distilledModelCard(model: StaticEmbedding, report: DistillReport): string {
  const { teacher, tokens, teacherDimension, pca, explainedVariance, sif, addedWords, droppedTokens, seed } = report;
  const filled = model.dimension - pca;
  const columns =
    filled === 0
      ? `${pca} principal components of the teacher's ${teacherDimension} dimensions, with ${share(explainedVariance)} of their variance`
      : `${pca} principal components of the teacher's ${teacherDimension} dimensions, with ${share(explainedVariance)} of their variance, and ${filled} random ones behind them, from seed ${seed}`;
  return `---
library_name: sentence-transformers
pipeline_tag: sentence-similarity
tags:
- embedbag
- sentence-transformers
- sentence-similarity
- feature-extraction
- static-embedding
- distillation
---

# Static embedding model, distilled from ${teacher}

A text's embedding is the mean of the rows of its tokens in one table of ${model.table.rows} x ${model.dimension} numbers. Each row is the
teacher's embedding of that token; nothing was trained.

| | |
|---|---|
| Teacher | \`${teacher}\` |
| Tokens | ${tokens}, ${addedWords} words added, ${droppedTokens} tokens dropped |
| Columns | ${columns} |
| Weights of the rows | ${sif === null ? 'none' : `smooth inverse frequency, ${sif}`} |

With TypeScript:

\`\`\`ts
import { StaticEmbedding } from '@embedbag/static-embedding';

const model = await StaticEmbedding.load('path/to/this/folder');
const embeddings = model.encode(['The weather is lovely today.', 'It is so sunny outside!']);
\`\`\`

With Python:

\`\`\`python
from sentence_transformers import SentenceTransformer

model = SentenceTransformer("path/to/this/folder", device="cpu")
embeddings = model.encode(["The weather is lovely today.", "It is so sunny outside!"])
\`\`\`
`;
}
