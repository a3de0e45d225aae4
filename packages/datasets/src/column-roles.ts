import { EmbedbagError } from '@embedbag/core';

/**
 * Which column of the file holds which role: `{ anchor: 'question', positive: 'answer', label: 'gold' }`.
 * Roles are `anchor`, `positive`, `negative`, `negative_1`, `negative_2`, ..., or `negatives` for a list of them, and `label`.
 */
export type ColumnMapping = Readonly<Record<string, string>>;

/** A text column of a file and its role. */
export interface RoleColumn {
  readonly role: string;
  readonly source: string;
}

/** What is read of a file. */
export interface ColumnPlan {
  /** Anchor, positive, then the negatives in numeric order. */
  readonly texts: readonly RoleColumn[];
  /** The column with a list of negatives a row. */
  readonly negatives: string | undefined;
  /** The column with the labels. */
  readonly label: string | undefined;
  /** True where the caller named the columns. */
  readonly isMapped: boolean;
  /** True where the columns are not texts by role but whatever they are; texts are decoded then. */
  readonly takesAnyType?: true;
}

/** The columns of the file that are read: texts, the list of negatives, labels. */
export function plannedColumns({ texts, negatives, label }: ColumnPlan): readonly string[] {
  return [...texts.map(({ source }) => source), negatives, label].filter((name) => name !== undefined);
}

const NEGATIVE = /^negative(?:_([1-9]\d*))?$/;
/** The role of a column that holds a list of negatives a row. */
export const LIST_ROLE = 'negatives';
const LABEL_NAMES = ['label', 'labels', 'score', 'scores'] as const;

/** Whether a column of this name is a negative when the file's own names count. */
export function isNegativeRole(name: string): boolean {
  return NEGATIVE.test(name);
}

/** Orders text roles: anchor, positive, negative, negative_1, negative_2, ..., negative_10. */
export function compareRoles(a: string, b: string): number {
  return roleRank(a) - roleRank(b);
}

function roleRank(role: string): number {
  if (role === 'anchor') return -2;
  if (role === 'positive') return -1;
  return Number(NEGATIVE.exec(role)?.[1] ?? 0);
}

/** Whether `role` may name a text column. */
export function isTextRole(role: string): boolean {
  return role === 'anchor' || role === 'positive' || isNegativeRole(role);
}

/**
 * Decides what to read of a file with the columns `names`.
 *
 * @throws EmbedbagError `missing-column`, `invalid-columns`.
 */
export function planColumns(names: readonly string[], mapping: ColumnMapping | undefined, path: string): ColumnPlan {
  return mapping === undefined ? planFromNames(names, path) : planFromMapping(names, mapping, path);
}

function planFromNames(names: readonly string[], path: string): ColumnPlan {
  for (const role of ['anchor', 'positive']) {
    if (names.includes(role)) continue;
    throw new EmbedbagError({
      code: 'missing-column',
      message: `Expected the columns \`anchor\` and \`positive\` in ${path}, received ${list(names)}. Rename them, or say which is which with \`columns: ${exampleMapping(names)}\`.`,
      details: { path, missing: role, received: names },
    });
  }
  checkNegatives(names, path);
  const texts = names.filter(isTextRole).sort(compareRoles);
  return {
    texts: texts.map((name) => ({ role: name, source: name })),
    negatives: names.includes(LIST_ROLE) ? LIST_ROLE : undefined,
    label: LABEL_NAMES.find((name) => names.includes(name)),
    isMapped: false,
  };
}

/** Refuses a list of negatives beside columns of them, in the roles of `place`. */
export function checkNegatives(roles: readonly string[], place: string): void {
  const single = roles.find(isNegativeRole);
  if (single === undefined || !roles.includes(LIST_ROLE)) return;
  throw new EmbedbagError({
    code: 'invalid-columns',
    message: `Expected either \`negatives\` or columns such as \`${single}\` in ${place}, received both. Choose one of them with \`columns\`, or put all texts into the list.`,
    details: { received: roles },
  });
}

/** The file's first text-like columns in the places of anchor and positive, to be copied from the message. */
function exampleMapping(names: readonly string[]): string {
  const free = names.filter((name) => !LABEL_NAMES.some((label) => label === name));
  const anchor = names.includes('anchor') ? 'anchor' : (free[0] ?? 'question');
  const positive = names.includes('positive') ? 'positive' : (free.find((name) => name !== anchor) ?? 'answer');
  return `{ anchor: '${anchor}', positive: '${positive}' }`;
}

function planFromMapping(names: readonly string[], mapping: ColumnMapping, path: string): ColumnPlan {
  checkMapping(mapping);
  for (const [role, source] of Object.entries(mapping)) {
    if (names.includes(source)) continue;
    throw new EmbedbagError({
      code: 'missing-column',
      message: `Expected the column \`${source}\` in ${path} for \`${role}\`, received ${list(names)}. Name one of these in \`columns\`.`,
      details: { path, missing: source, received: names },
    });
  }
  const roles = Object.keys(mapping).filter(isTextRole).sort(compareRoles);
  return {
    texts: roles.map((role) => ({ role, source: mapping[role] as string })),
    negatives: mapping[LIST_ROLE],
    label: mapping.label,
    isMapped: true,
  };
}

/** Refuses a mapping that no file could meet, before any file is opened. */
export function checkMapping(mapping: ColumnMapping): void {
  const roles = Object.keys(mapping);
  const unknown = roles.find((role) => role !== 'label' && role !== LIST_ROLE && !isTextRole(role));
  if (unknown !== undefined) {
    throw new EmbedbagError({
      code: 'invalid-columns',
      message: `Expected the keys of \`columns\` to be \`anchor\`, \`positive\`, \`negative\`, \`negative_1\`, \`negative_2\`, ..., \`negatives\` or \`label\`, received \`${unknown}\`. Write the role first and the file's column second.`,
      details: { received: unknown },
    });
  }
  checkNegatives(roles, '`columns`');
  for (const role of ['anchor', 'positive']) {
    if (mapping[role] !== undefined) continue;
    throw new EmbedbagError({
      code: 'invalid-columns',
      message: `Expected \`columns\` to name a column for \`anchor\` and one for \`positive\`, received ${list(roles)}. Add \`${role}\`.`,
      details: { missing: role, received: roles },
    });
  }
}

function list(names: readonly string[]): string {
  return names.length === 0 ? 'none' : names.map((name) => `\`${name}\``).join(', ');
}
