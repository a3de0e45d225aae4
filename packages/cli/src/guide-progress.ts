import type { GuideProgress } from '@embedbag/datasets';

const INTERVAL_MS = 30_000;
const LINES_OF_PROGRESS = 10;

/** A line for every tenth of the texts, and every half minute, with the pace and the time left; on a terminal one line that changes. */
export function guideProgress(stream: {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}): (progress: GuideProgress) => void {
  const startedAt = performance.now();
  let start: number | undefined;
  let tenthsTold = -1;
  let nextMs = startedAt + INTERVAL_MS;
  return ({ texts, totalTexts, keptTexts }) => {
    const now = performance.now();
    if (start === undefined && keptTexts > 0) {
      start = keptTexts;
      stream.write(`Guide: goes on behind ${keptTexts} of ${totalTexts} texts, which are there already\n`);
      return;
    }
    start ??= 0;
    const tenths = Math.floor((LINES_OF_PROGRESS * texts) / totalTexts);
    const isLast = texts === totalTexts;
    if (!stream.isTTY && tenths === tenthsTold && now < nextMs && !isLast) return;
    tenthsTold = tenths;
    nextMs = now + INTERVAL_MS;
    const pace = (texts - start) / ((now - startedAt) / 1000);
    const left = isLast ? '' : `, ${Math.ceil((totalTexts - texts) / pace)} s left`;
    const line = `Guide: ${texts} of ${totalTexts} texts, ${Math.round(pace)} texts/s${left}`;
    stream.write(stream.isTTY ? `\r${line.padEnd(70)}${isLast ? '\n' : ''}` : `${line}\n`);
  };
}
