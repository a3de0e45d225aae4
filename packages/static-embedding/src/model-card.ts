/** What {@link modelCard} tells of a model. */
export interface ModelCardInput {
  readonly vocabularySize: number;
  readonly dimension: number;
  readonly similarityFunctionName: string;
}

/** The short `README.md` of a model that was saved without one of its own. */
export function modelCard({ vocabularySize, dimension, similarityFunctionName }: ModelCardInput): string {
  return `---
library_name: sentence-transformers
pipeline_tag: sentence-similarity
tags:
- embedbag
- sentence-transformers
- sentence-similarity
- feature-extraction
- static-embedding
---

# Static embedding model

A text's embedding is the mean of the rows of its tokens in one table of ${vocabularySize} x ${dimension} numbers.

| | |
|---|---|
| Tokens | ${vocabularySize} |
| Dimensions | ${dimension} |
| Similarity function | ${similarityFunctionName} |
| Longest text | no limit |

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
