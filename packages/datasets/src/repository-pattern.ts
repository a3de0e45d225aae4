/** A pattern up to its last character, as the source of a regular expression. */
function regularExpression(pattern: string): string {
  let source = '';
  let braces = 0;
  for (let at = 0; at < pattern.length; at++) {
    const letter = pattern[at] as string;
    if (pattern.startsWith('**/', at)) {
      source += '(?:.*/)?';
      at += 2;
    } else if (pattern.startsWith('**', at)) {
      source += '.*';
      at += 1;
    } else if (letter === '*') source += '[^/]*';
    else if (letter === '?') source += '[^/]';
    else if (letter === '[' && pattern.indexOf(']', at + 2) !== -1) {
      const end = pattern.indexOf(']', at + 2);
      const set = pattern.slice(at + 1, end).replace(/[\\\]^[]/g, '\\$&');
      source += set.startsWith('!') ? `[^${set.slice(1)}]` : `[${set}]`;
      at = end;
    } else if (letter === '{' && pattern.indexOf('}', at) !== -1) {
      braces += 1;
      source += '(?:';
    } else if (letter === '}' && braces > 0) {
      braces -= 1;
      source += ')';
    } else if (letter === ',' && braces > 0) source += '|';
    else source += letter.replace(/[.+^$(){}|[\]\\/]/g, '\\$&');
  }
  return source;
}

/** Whether `text` is a pattern and not the plain path of a file. */
export function isPattern(text: string): boolean {
  return /[*?{]|\[[^:]*\]/.test(text);
}

/**
 * The paths of a repository that a pattern means: `*` stands for a part of a name, `**` for any folders, `?` for one
 * character, `[0-9]` for one of these, `{a,b}` for one of both. A folder means everything below it.
 */
export function matchingPaths(pattern: string, paths: readonly string[]): readonly string[] {
  const plain = pattern.replace(/^\.\//, '').replace(/\/+$/, '');
  const expression = new RegExp(`^${regularExpression(plain)}$`);
  const files = paths.filter((path) => expression.test(path));
  return files.length > 0 ? files : paths.filter((path) => path.startsWith(`${plain}/`));
}
