import { coldStart } from './entries/cold-start.mjs';
import { encodeDocuments } from './entries/encode-documents.mjs';
import { encodeOne } from './entries/encode-one.mjs';
import { encodeSentences } from './entries/encode-sentences.mjs';
import { encodeTransformer } from './entries/encode-transformer.mjs';
import { evaluate } from './entries/evaluate.mjs';
import { machineArithmetic, machineMemory } from './entries/machine.mjs';
import { encodeMemory, trainMemory } from './entries/memory.mjs';
import { sampler } from './entries/sampler.mjs';
import {
  scalingBatch,
  scalingDims,
  scalingDocuments,
  scalingPairs,
  scalingTable,
  scalingTextLength,
} from './entries/scaling.mjs';
import { tokenize, tokenizeMultilingual } from './entries/tokenize.mjs';
import { trainLargeBatch } from './entries/train-large-batch.mjs';
import { trainEnglish, trainMultilingual } from './entries/train-recipes.mjs';
import { optimizer, trainStep } from './entries/train-step.mjs';

/**
 * All entries, in the order of the table.
 *
 * @type {readonly import('./entry.mjs').Entry[]}
 */
export const ENTRIES = [
  tokenize,
  tokenizeMultilingual,
  encodeSentences,
  encodeDocuments,
  encodeOne,
  encodeTransformer,
  encodeMemory,
  coldStart,
  trainStep,
  optimizer,
  trainEnglish,
  trainMultilingual,
  trainLargeBatch,
  trainMemory,
  sampler,
  evaluate,
  scalingBatch,
  scalingDims,
  scalingTable,
  scalingTextLength,
  scalingDocuments,
  scalingPairs,
  machineArithmetic,
  machineMemory,
];
