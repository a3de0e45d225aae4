import type { FileMetaData, SchemaElement, SchemaTree } from 'hyparquet';
import type { TypedColumn } from './typed-columns.js';

/** The top-level columns of a Parquet file in their order. */
export function parquetColumns({ schema }: FileMetaData): readonly TypedColumn[] {
  return columnTrees(schema).map(({ element, children }) => ({
    name: element.name,
    holds: holdsText(element, children) ? 'text' : isTextList(element, children) ? 'texts' : 'other',
    type: typeName(element, children),
  }));
}

type ColumnTree = Pick<SchemaTree, 'element'> & { readonly children: readonly ColumnTree[] };

/** The schema is a list in which a group's children follow it. */
function columnTrees(schema: readonly SchemaElement[]): readonly ColumnTree[] {
  let next = 0;
  const take = (): ColumnTree => {
    const element = schema[next] as SchemaElement;
    next += 1;
    const children = Array.from({ length: element.num_children ?? 0 }, take);
    return { element, children };
  };
  return take().children;
}

/** Bytes without any annotation are texts of writers that leave it out. */
function holdsText(element: SchemaElement, children: readonly ColumnTree[]): boolean {
  if (children.length > 0 || element.type !== 'BYTE_ARRAY' || element.repetition_type === 'REPEATED') return false;
  const { converted_type: converted, logical_type: logical } = element;
  if (converted === undefined && logical === undefined) return true;
  return converted === 'UTF8' || converted === 'ENUM' || logical?.type === 'STRING' || logical?.type === 'ENUM';
}

/** A list of three levels, or of the two that older writers have. */
function isTextList(element: SchemaElement, children: readonly ColumnTree[]): boolean {
  if (element.converted_type !== 'LIST' && element.logical_type?.type !== 'LIST') return false;
  const repeated = children[0];
  if (children.length !== 1 || repeated?.element.repetition_type !== 'REPEATED') return false;
  if (repeated.children.length === 0) return repeated.element.type === 'BYTE_ARRAY';
  const item = repeated.children[0];
  return repeated.children.length === 1 && item !== undefined && holdsText(item.element, item.children);
}

function typeName(element: SchemaElement, children: readonly ColumnTree[]): string {
  const annotation = element.logical_type?.type ?? element.converted_type;
  if (children.length > 0) return annotation ?? 'a struct';
  return annotation === undefined ? (element.type ?? 'no type') : `${annotation} (${element.type})`;
}
