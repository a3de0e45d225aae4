/**
 * The loops that measure a machine, as a WebAssembly module put together byte by byte, so that nothing has to be compiled
 * ahead. Numbers in the comments of instructions are those of the WebAssembly specification.
 */

const I32 = 0x7f;
const V128 = 0x7b;
const NOTHING = 0x40;
const END = 0x0b;

/**
 * An unsigned number as LEB128.
 *
 * @param {number} value
 * @returns {number[]}
 */
const unsigned = (value) => (value < 128 ? [value] : [(value & 127) | 128, ...unsigned(value >>> 7)]);

/**
 * A signed number as LEB128.
 *
 * @param {number} value
 * @returns {number[]}
 */
const signed = (value) => (value >= -64 && value < 64 ? [value & 127] : [(value & 127) | 128, ...signed(value >> 7)]);

/** @param {string} text */
const named = (text) => [...unsigned(text.length), ...new TextEncoder().encode(text)];

/** A list with its length before it. @param {readonly (readonly number[])[]} items */
const list = (items) => [...unsigned(items.length), ...items.flat()];

/** @param {number} id @param {readonly number[]} content */
const section = (id, content) => [id, ...unsigned(content.length), ...content];

const get = (/** @type {number} */ local) => [0x20, ...unsigned(local)];
const set = (/** @type {number} */ local) => [0x21, ...unsigned(local)];
const number = (/** @type {number} */ value) => [0x41, ...signed(value)];
/** @param {number} local @param {number} by */
const advance = (local, by) => [...get(local), ...number(by), 0x6a, ...set(local)];
/** A vector instruction. @param {number} code @param {...number} rest */
const vector = (code, ...rest) => [0xfd, ...unsigned(code), ...rest];
const load = (/** @type {number} */ offset) => vector(0, 4, ...unsigned(offset));
const loadSplat = (/** @type {number} */ offset) => vector(9, 2, ...unsigned(offset));
const store = (/** @type {number} */ offset) => vector(11, 4, ...unsigned(offset));
const ADD = vector(228);
const MULTIPLY = vector(230);
const RELAXED_MULTIPLY_ADD = vector(261);
const ADD_INT32 = vector(174);
const DOT_INT16 = vector(186);
/** A loop that goes on while the value its body leaves is not 0. @param {readonly number[]} body */
const repeat = (body) => [0x03, NOTHING, ...body, 0x0d, 0, END];
/** While one local is below another one, as unsigned numbers. @param {number} a @param {number} b */
const isBelow = (a, b) => [...get(a), ...get(b), 0x49];

/** The sums of the tile: 4 rows of two vectors. */
const SUMS = [...Array(8).keys()].map((i) => 10 + i);

/**
 * `sum + x * side` on the stack.
 *
 * @type {Readonly<Record<'relaxed' | 'plain' | 'int16', (x: number, side: number, sum: number) => number[]>>}
 */
const MULTIPLY_ADD = {
  relaxed: (x, side, sum) => [...get(x), ...get(side), ...get(sum), ...RELAXED_MULTIPLY_ADD],
  plain: (x, side, sum) => [...get(x), ...get(side), ...MULTIPLY, ...get(sum), ...ADD],
  int16: (x, side, sum) => [...get(x), ...get(side), ...DOT_INT16, ...get(sum), ...ADD_INT32],
};

/**
 * `multiply(rows, panel, panelEnd, repeats, target)`: a register tile of 4 rows and 8 columns over `rows` `[depth][4]` and
 * `panel` `[depth][8]`, again and again; 64 operations a depth, or 128 where a word holds two 16-bit integers.
 *
 * @param {keyof typeof MULTIPLY_ADD} kind
 */
function multiplyBody(kind) {
  const [rows, panel, left, right, x] = [5, 6, 7, 8, 9];
  const step = [0, 1, 2, 3].flatMap((row) => {
    const splat = [...get(rows), ...loadSplat(4 * row), ...set(x)];
    const products = [left, right].map((side, i) => {
      const sum = Number(SUMS[2 * row + i]);
      return [...MULTIPLY_ADD[kind](x, side, sum), ...set(sum)];
    });
    return [...splat, ...products.flat()];
  });
  const depthLoop = repeat([
    ...get(panel),
    ...load(0),
    ...set(left),
    ...get(panel),
    ...load(16),
    ...set(right),
    ...step,
    ...advance(rows, 16),
    ...advance(panel, 32),
    ...isBelow(panel, 2),
  ]);
  const restart = [...get(0), ...set(rows), ...get(1), ...set(panel)];
  const again = repeat([...restart, ...depthLoop, ...advance(3, -1), ...get(3)]);
  const stores = SUMS.flatMap((sum, i) => [...get(4), ...get(sum), ...store(16 * i)]);
  return {
    locals: [
      [2, I32],
      [11, V128],
    ],
    code: [...again, ...stores],
  };
}

/** `sum(begin, end, target)`: adds up all floats, 64 bytes a step, into four vectors. */
function sumBody() {
  const sums = [3, 4, 5, 6];
  const adds = sums.flatMap((sum, i) => [...get(0), ...load(16 * i), ...get(sum), ...ADD, ...set(sum)]);
  const stores = sums.flatMap((sum, i) => [...get(2), ...get(sum), ...store(16 * i)]);
  return { locals: [[4, V128]], code: [...repeat([...adds, ...advance(0, 64), ...isBelow(0, 1)]), ...stores] };
}

/** `copy(target, source, bytes)`. */
function copyBody() {
  return { locals: [], code: [...get(0), ...get(1), ...get(2), 0xfc, 0x0a, 0, 0] };
}

/** `fill(target, byte, bytes)`. */
function fillBody() {
  return { locals: [], code: [...get(0), ...get(1), ...get(2), 0xfc, 0x0b, 0] };
}

/**
 * The bytes of the module; it imports the shared memory `machine.memory`.
 *
 * @param {{ isRelaxed: boolean, pages: number }} options `pages` of 64 KiB.
 */
export function machineModule({ isRelaxed, pages }) {
  const functions = [
    { name: 'multiply', parameters: 5, ...multiplyBody(isRelaxed ? 'relaxed' : 'plain') },
    { name: 'multiplyInt16', parameters: 5, ...multiplyBody('int16') },
    { name: 'sum', parameters: 3, ...sumBody() },
    { name: 'copy', parameters: 3, ...copyBody() },
    { name: 'fill', parameters: 3, ...fillBody() },
  ];
  const memory = [...named('machine'), ...named('memory'), 2, 3, ...unsigned(pages), ...unsigned(pages)];
  const types = functions.map(({ parameters }) => [0x60, ...list(Array(parameters).fill([I32])), 0]);
  const bodies = functions.map(({ locals, code }) => {
    const body = [...list(locals), ...code, END];
    return [...unsigned(body.length), ...body];
  });
  return Uint8Array.from([
    ...[0, 97, 115, 109, 1, 0, 0, 0],
    ...section(1, list(types)),
    ...section(2, list([memory])),
    ...section(3, list(functions.map((_, i) => [i]))),
    ...section(7, list(functions.map(({ name }, i) => [...named(name), 0, i]))),
    ...section(10, list(bodies)),
  ]);
}
