export { type ChangedVocabulary, changeVocabulary, type VocabularyChange } from './change-vocabulary.js';
export { type LoadTokenizerOptions, loadTokenizer } from './load-tokenizer.js';
export { tokenizerFromJson } from './tokenizer-from-json.js';
export { trainWordPiece, type WordPieceTrainingOptions, type WordPieceTrainingProgress } from './train-word-piece.js';
export { createWordCounter, type NewWordsOptions, type WordCounter } from './word-counter.js';
