import { expect, it } from 'vitest';
import { ALONE, classifyBytes, OTHER, SPACE } from './ascii-words.js';
import { BertText, CLASS_ALONE, CLASS_MAPPED, CLASS_SPACE, LONGEST_PART } from './bert-text.js';

const BOOLEANS = [false, true];
const SETTINGS = BOOLEANS.flatMap((cleanText) =>
  BOOLEANS.flatMap((handleChineseChars) =>
    BOOLEANS.flatMap((stripAccents) =>
      BOOLEANS.map((lowercase) => ({ cleanText, handleChineseChars, stripAccents, lowercase })),
    ),
  ),
);

it.each(SETTINGS)('says of ASCII what the Unicode tables say: %o', (settings) => {
  const text = new BertText(settings);
  const part = new Uint16Array(LONGEST_PART);
  for (const [byte, code] of classifyBytes(settings).subarray(0, 128).entries()) {
    if (code === OTHER) continue;
    const unitClass = text.classes[byte]!;
    const label = `byte ${byte}`;
    if (code === SPACE) expect(unitClass, label).toBe(CLASS_SPACE);
    else if (code > SPACE) expect([unitClass, code - ALONE], label).toEqual([CLASS_ALONE, byte]);
    else expect([unitClass <= CLASS_MAPPED, text.writePart(byte, part, 0), part[0]], label).toEqual([true, 1, code]);
  }
});

it('leaves control characters and what is not ASCII to the general path', () => {
  const table = classifyBytes(SETTINGS[0]!);
  const others = [...table.keys()].filter((byte) => table[byte] === OTHER);
  const controls = Array.from({ length: 32 }, (_, byte) => byte).filter((byte) => ![9, 10, 13].includes(byte));
  expect(others).toEqual([...controls, ...Array.from({ length: 129 }, (_, index) => 127 + index)]);
});
