/** What the contrastive kernel is told, in the order in which assembly/contrastive-problem.ts reads it. */
const SLOTS = [
  'rows',
  'paddedRows',
  'dimension',
  'terms',
  'dimOctets',
  'blocks',
  'columns',
  'partitions',
  'candidateColumns',
  'rowsPerThread',
  'firstRow',
  'withGradient',
  'logitBound',
  'rowMaxima',
  'termTable',
  'blockTable',
  'columnTable',
  'octetTable',
  'planes',
  'planesStride',
  'scratch',
  'scratchStride',
  'rowLosses',
  'blockStride',
  'dimsStride',
  'candidatesStride',
  'planeOctetStride',
  'planeStride',
  'runs',
  'runTable',
  'tileStride',
  'textTable',
  'guideTable',
  'guideDimsStride',
  'guideCandidatesStride',
  'guideOctets',
  'guideMargin',
  'hasRelativeMargin',
  'int16',
  'sumsStride',
  'weightScalesBytes',
  'softmaxFactors',
  'mirrors',
  'holdsPlanes',
] as const;

/** The fields of the argument block; what is left out is 0. */
export type ContrastiveArguments = Partial<Record<(typeof SLOTS)[number], number>>;

/** The slots of the first row of a stretch and of its planes, which change from call to call. */
export const FIRST_ROW: number = SLOTS.indexOf('firstRow');
export const PLANES: number = SLOTS.indexOf('planes');

/** The argument block of the contrastive kernel. */
export function problemArguments(fields: ContrastiveArguments): number[] {
  return SLOTS.map((slot) => fields[slot] ?? 0);
}
