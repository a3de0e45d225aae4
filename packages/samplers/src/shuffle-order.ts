import { EmbedbagError, hashBytes, type JsonObject, type Random, type RowBlocks, restoreRandom } from '@embedbag/core';

/**
 * Puts the rows of `order`, which holds each row once, into random order.
 *
 * With `blocks`, of which there are more than may be open, the order stays within them: the blocks come in random order, one opens
 * after the other, and while a block opens, a share of its rows and of those of the `openBlocks - 1` before it come in random order.
 * Those before the first are the last ones, so that the order begins as mixed as it goes on: they are open at both ends.
 *
 * Throws `row-blocks-invalid`.
 */
export function shuffleOrder(order: Int32Array, random: Random, blocks: RowBlocks | undefined): void {
  if (blocks !== undefined) checkBlocks(blocks, order.length);
  if (blocks === undefined || blocks.firstRows.length <= blocks.openBlocks) {
    random.shuffle(order);
    return;
  }
  const sequence = Int32Array.from(blocks.firstRows, (_, block) => block);
  random.shuffle(sequence);
  const begins = new Int32Array(sequence.length + 1);
  // The same numbers twice, first to count: a number kept for each row would take more memory.
  const again = restoreRandom(random.state());
  forEachTurn(blocks, sequence, { rowCount: order.length, random }, (_, turn) => {
    begins[turn + 1]! += 1;
  });
  for (let turn = 0; turn < sequence.length; turn++) begins[turn + 1]! += begins[turn]!;
  const ends = begins.slice();
  forEachTurn(blocks, sequence, { rowCount: order.length, random: again }, (row, turn) => {
    order[ends[turn]!] = row;
    ends[turn]! += 1;
  });
  for (let turn = 0; turn < sequence.length; turn++) random.shuffle(order.subarray(begins[turn], begins[turn + 1]));
}

/** Calls `use` for each row with the turn in which it comes: that of its block, or one of those after. */
function forEachTurn(
  { firstRows, openBlocks }: RowBlocks,
  sequence: Int32Array,
  { rowCount, random }: { readonly rowCount: number; readonly random: Random },
  use: (row: number, turn: number) => void,
): void {
  for (let begin = 0; begin < sequence.length; begin++) {
    const block = sequence[begin]!;
    const end = block + 1 < firstRows.length ? firstRows[block + 1]! : rowCount;
    for (let row = firstRows[block]!; row < end; row++) use(row, (begin + random.below(openBlocks)) % sequence.length);
  }
}

/** What the place of a stream over rows with `blocks` depends on; nothing where there are none. */
export function blocksOrigin(blocks: RowBlocks | undefined): JsonObject {
  if (blocks === undefined) return {};
  const { firstRows, openBlocks } = blocks;
  const hash = { low: 0, high: 0 };
  hashBytes(new DataView(firstRows.buffer, firstRows.byteOffset, firstRows.byteLength), 0, firstRows.byteLength, hash);
  return { blocks: firstRows.length, openBlocks, firstRowsHash: hash.low };
}

function checkBlocks({ firstRows, openBlocks }: RowBlocks, rowCount: number): void {
  const wrong = firstRows.findIndex((row, block) => (block === 0 ? row !== 0 : row <= firstRows[block - 1]!));
  const isWhole = wrong === -1 && (firstRows.at(-1) ?? -1) < rowCount && (firstRows.length > 0 || rowCount === 0);
  if (isWhole && Number.isSafeInteger(openBlocks) && openBlocks >= 1) return;
  throw new EmbedbagError({
    code: 'row-blocks-invalid',
    message: `Expected \`blocks\` to have ascending first rows from 0 below ${rowCount} and at least one open block, received ${firstRows.length} blocks${wrong === -1 ? '' : `, block ${wrong} from row ${firstRows[wrong]}`}, ${openBlocks} open. Give the first row of each block.`,
    details: { rows: rowCount, blocks: firstRows.length, openBlocks: String(openBlocks) },
  });
}
