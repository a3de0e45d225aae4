import { EmbedbagError } from '@embedbag/core';

/** The splits of the 13 NanoBEIR datasets, in the order of the reference. */
export const NANO_BEIR_SPLITS: readonly string[] = [
  'NanoClimateFEVER',
  'NanoDBPedia',
  'NanoFEVER',
  'NanoFiQA2018',
  'NanoHotpotQA',
  'NanoMSMARCO',
  'NanoNFCorpus',
  'NanoNQ',
  'NanoQuoraRetrieval',
  'NanoSCIDOCS',
  'NanoArguAna',
  'NanoSciFact',
  'NanoTouche2020',
];

const PREFIX = 'nano';
const SPLIT_BY_NAME = new Map(NANO_BEIR_SPLITS.map((split) => [split.toLowerCase(), split]));

/**
 * The split of a dataset by its name in any case, with or without `Nano` in front, such as `msmarco`.
 * Throws `dataset-unknown`.
 */
export function nanoBeirSplit(name: string): string {
  const lower = name.toLowerCase();
  const split = SPLIT_BY_NAME.get(lower) ?? SPLIT_BY_NAME.get(`${PREFIX}${lower}`);
  if (split !== undefined) return split;
  const known = NANO_BEIR_SPLITS.map((each) => each.slice(PREFIX.length)).join(', ');
  throw new EmbedbagError({
    code: 'dataset-unknown',
    message: `Expected \`datasetNames\` to hold NanoBEIR datasets (${known}), received \`${name}\`. Choose among these.`,
    details: { received: name },
  });
}
