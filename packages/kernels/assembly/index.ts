export { contrastivePrepare } from './contrastive-prepare';
export { contrastiveFactors, contrastiveRows, contrastiveSums } from './contrastive-rows';
export { contrastiveCandidates, contrastiveFinish } from './contrastive-candidates';
export { bagBackward, bagForward, bagSort } from './bag';
export { adamW, adamWReplay, adamWRows } from './adamw';
export { normalizeRows, squaredNorms } from './norms';
export { quantizeBinary, quantizeScalar } from './quantize';
export { topKPack } from './top-k-scores';
export { topKMerge, topKScan } from './top-k';
