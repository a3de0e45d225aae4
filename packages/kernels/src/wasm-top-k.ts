import { comparedDimension, type TopKRequest, type TopKResult } from '@embedbag/core';
import { type WasmRuntime, WORTH_THREADS } from './wasm-runtime.js';

/** From this many queries on, eight are scored side by side. */
const SIDE_BY_SIDE = 4;
/** Queries of one pass over the documents: their heaps and panels stay within reach of the cache. */
const QUERIES_AT_A_TIME = 1024;
/** Documents of one block in assembly/top-k.ts. */
const BLOCK = 64;

/** See {@link Kernels.topK}. */
export function topK(runtime: WasmRuntime, request: TopKRequest): TopKResult {
  const dimension = comparedDimension(request);
  const { queries, documents } = request;
  const k = Math.max(0, Math.min(request.k, documents.rows));
  const indices = new Int32Array(queries.rows * k);
  const scores = new Float32Array(queries.rows * k);
  if (k === 0 || queries.rows === 0) return { indices, scores, k };
  const { staging } = runtime;
  staging.begin();
  const addresses = {
    queries: staging.input(queries.data, queries.rows * queries.columns),
    documents: staging.input(documents.data, documents.rows * documents.columns),
  };
  const lanes = queries.rows < SIDE_BY_SIDE ? 1 : 8;
  const search = prepare(runtime, request, { ...addresses, k, dimension, lanes });
  for (let first = 0; first < queries.rows; first += QUERIES_AT_A_TIME) {
    const count = Math.min(QUERIES_AT_A_TIME, queries.rows - first);
    search(first, count);
    indices.set(runtime.memory.int32(search.indices, count * k), first * k);
    scores.set(runtime.memory.float32(search.scores, count * k), first * k);
  }
  return { indices, scores, k };
}

interface SearchSettings {
  readonly queries: number;
  readonly documents: number;
  readonly k: number;
  readonly dimension: number;
  readonly lanes: number;
}

/** A search of queries `[first, first + count)` that leaves its result at the addresses `indices` and `scores`. */
interface Search {
  (first: number, count: number): void;
  readonly indices: number;
  readonly scores: number;
}

function prepare(runtime: WasmRuntime, request: TopKRequest, settings: SearchSettings): Search {
  const { staging, pool } = runtime;
  const { queries, documents, similarity } = request;
  const { k, dimension, lanes } = settings;
  const cosine = similarity === 'cosine' ? 1 : 0;
  const most = Math.min(QUERIES_AT_A_TIME, queries.rows);
  const padded = Math.ceil(most / 8) * 8;
  const panels = staging.scratch(padded * dimension * 4);
  const stride = Math.ceil((padded * 8 + BLOCK * 36 + most * k * 8) / 64) * 64;
  const heaps = staging.scratch(pool.threads * stride);
  const indices = staging.scratch(most * k * 4);
  const scores = staging.scratch(most * k * 4);
  const cursors = staging.scratch(pool.threads * pool.threads * 4);
  const parallel = queries.rows * documents.rows * dimension >= WORTH_THREADS;
  const search = (first: number, count: number): void => {
    const from = settings.queries + first * queries.columns * 4;
    pool.run('topKPack', [from, count, queries.columns, dimension, cosine, lanes, panels], parallel);
    const scan = [settings.documents, documents.rows, documents.columns, dimension, cosine, lanes, panels, count, k];
    pool.run('topKScan', [...scan, heaps, stride, 0, 1], parallel);
    pool.run('topKMerge', [count, k, heaps, stride, indices, scores, cursors], parallel);
  };
  return Object.assign(search, { indices, scores });
}
