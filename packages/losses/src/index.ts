export * from './matryoshka-loss.js';
export * from './multiple-negatives-ranking-loss.js';
