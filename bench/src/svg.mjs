/** What the pictures are drawn with. */

/** The colours of all pictures. */
export const INK = '#1f2933';
export const SOFT_INK = '#52606d';
export const FAINT = '#cbd2d9';

/** @param {string} text */
export const escapeXml = (text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

/**
 * @param {number} x
 * @param {number} y
 * @param {string} text
 * @param {string} [attributes]
 */
export const textAt = (x, y, text, attributes = '') =>
  `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" ${attributes}>${escapeXml(text)}</text>`;

/**
 * A line between two points.
 *
 * @param {readonly [x: number, y: number]} from
 * @param {readonly [x: number, y: number]} to
 * @param {string} attributes
 */
export const lineBetween = (from, to, attributes) =>
  `<line x1="${from[0].toFixed(1)}" y1="${from[1].toFixed(1)}" x2="${to[0].toFixed(1)}" y2="${to[1].toFixed(1)}" ${attributes}/>`;

/**
 * The text of an SVG file: `parts` on a white ground.
 *
 * @param {number} width
 * @param {number} height
 * @param {readonly string[]} parts
 */
export function svgFile(width, height, parts) {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="system-ui, 'Segoe UI', 'DejaVu Sans', sans-serif" font-size="13" fill="${INK}">`,
    `<style>.small{font-size:11px;fill:${SOFT_INK}}.value{font-weight:600}.value .small{font-weight:400}</style>`,
    `<rect width="100%" height="100%" fill="#ffffff"/>`,
    ...parts,
    '</svg>',
    '',
  ].join('\n');
}
