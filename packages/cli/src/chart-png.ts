import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';

const RENDERER = '@resvg/resvg-wasm/index_bg.wasm';
const FONT_FAMILY = 'DejaVu Sans';
const FONTS = [400, 700].map((weight) => `@fontsource/dejavu-sans/files/dejavu-sans-latin-${weight}-normal.woff2`);
/** Pixels a unit of the picture: sharp on paper and on dense screens. */
const SCALE = 2;

const { resolve } = createRequire(import.meta.url);

/** A process can start the renderer only once. */
let started: Promise<void> | undefined;

/** The picture as a PNG with two pixels a unit. Its letters are those of DejaVu Sans, so that it is the same on every machine. */
export async function chartPng(svg: string): Promise<Uint8Array> {
  const { initWasm, Resvg } = await import('@resvg/resvg-wasm');
  started ??= readFile(resolve(RENDERER)).then((bytes) => initWasm(bytes));
  await started;
  const fontBuffers = await Promise.all(FONTS.map((font) => readFile(resolve(font))));
  const picture = new Resvg(svg, {
    font: { fontBuffers, defaultFontFamily: FONT_FAMILY, sansSerifFamily: FONT_FAMILY },
    fitTo: { mode: 'zoom', value: SCALE },
  });
  const rendered = picture.render();
  try {
    return rendered.asPng();
  } finally {
    rendered.free();
    picture.free();
  }
}
