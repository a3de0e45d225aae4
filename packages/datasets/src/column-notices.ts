import type { ColumnPlan } from './column-roles.js';

/** Something in a file that can be read but may not be what was meant. */
export interface DatasetNotice {
  /** `columns-swapped`, `negative-named-positive` or `id-column`. */
  readonly code: string;
  readonly message: string;
}

const ID_NAME = /^(?:id|_id|.+_ids?|.+[a-z]I[dD]s?)$/;
const QUESTIONS = new Set(['anchor', 'query', 'question', 'prompt', 'instruction', 'title', 'search', 'claim']);
const ANSWERS = new Set([
  'positive',
  'answer',
  'response',
  'passage',
  'document',
  'doc',
  'text',
  'context',
  'abstract',
  'body',
  'evidence',
]);

/**
 * What is suspicious in the columns chosen from `path`: roles that look swapped, and names that are those of ids.
 *
 * The order of columns in a file means nothing here; the reference, which goes by it, warns of the same.
 */
export function columnNotices({ texts }: ColumnPlan, path: string): readonly DatasetNotice[] {
  const sourceOf = (role: string): string => texts.find((column) => column.role === role)?.source ?? '';
  const notices: DatasetNotice[] = [];
  const [anchor, positive] = [sourceOf('anchor'), sourceOf('positive')];
  if (ANSWERS.has(anchor.toLowerCase()) && QUESTIONS.has(positive.toLowerCase())) {
    notices.push({
      code: 'columns-swapped',
      message: `\`anchor\` is what is asked and \`positive\` what answers it; in ${path} they are the columns \`${anchor}\` and \`${positive}\`. Swap them unless that is meant.`,
    });
  }
  for (const { role, source } of texts) {
    if (role === 'positive' ? /^neg/i.test(source) : role.startsWith('negative') && /^pos/i.test(source)) {
      notices.push({
        code: 'negative-named-positive',
        message: `The column \`${source}\` of ${path} is read as \`${role}\`. Check \`columns\` unless that is meant.`,
      });
    }
    if (ID_NAME.test(source)) {
      notices.push({
        code: 'id-column',
        message: `The column \`${source}\` of ${path}, read as \`${role}\`, has the name of a column of ids. Choose the column that holds the texts unless it does.`,
      });
    }
  }
  return notices;
}
