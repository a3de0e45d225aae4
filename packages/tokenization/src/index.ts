export { type LoadTokenizerOptions, loadTokenizer } from './load-tokenizer.js';
export { tokenizerFromJson } from './tokenizer-from-json.js';
export { trainWordPiece, type WordPieceTrainingOptions, type WordPieceTrainingProgress } from './train-word-piece.js';
