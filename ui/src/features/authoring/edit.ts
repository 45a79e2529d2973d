import { jsonLanguage } from '@codemirror/lang-json';
import type { SyntaxNode } from '@lezer/common';

import type { Place } from './paths';

/** A change of a text. */
export interface Change {
  from: number;
  to: number;
  insert: string;
}

const VALUES = ['Object', 'Array', 'String', 'Number', 'True', 'False', 'Null'];

/** The values directly within a list, or the one of a member. */
export function valuesOf(node: SyntaxNode): SyntaxNode[] {
  const found: SyntaxNode[] = [];
  for (let child = node.firstChild; child; child = child.nextSibling) if (VALUES.includes(child.name)) found.push(child);
  return found;
}

/** The name of a member, and its value where it has one. */
export function memberOf(text: string, property: SyntaxNode): { name: string; value: SyntaxNode | undefined } {
  const name = property.getChild('PropertyName');
  return { name: name ? unquoted(text.slice(name.from, name.to)) : '', value: valuesOf(property)[0] };
}

function unquoted(text: string): string {
  try {
    return String(JSON.parse(text));
  } catch {
    return text.replaceAll('"', '');
  }
}

/** The change that puts a text at a place of a definition; everything else stays as it is written. */
export function setAt(text: string, place: Place, value: string): Change | undefined {
  const insert = JSON.stringify(value);
  let node = valuesOf(jsonLanguage.parser.parse(text).topNode)[0];
  for (const [at, part] of place.entries()) {
    if (!node) return undefined;
    if (typeof part === 'number') {
      node = valuesOf(node)[part];
      continue;
    }
    const members: SyntaxNode[] = node.getChildren('Property');
    const member = members.find((one) => memberOf(text, one).name === part);
    if (!member && at === place.length - 1 && node.name === 'Object') return added(text, node, members, `${JSON.stringify(part)}: ${insert}`);
    node = member && memberOf(text, member).value;
  }
  return node && { from: node.from, to: node.to, insert };
}

/** A member after the last one, indented as that is. */
function added(text: string, object: SyntaxNode, members: SyntaxNode[], member: string): Change {
  const last = members.at(-1);
  if (!last) return { from: object.from + 1, to: object.from + 1, insert: ` ${member} ` };
  const line = text.slice(text.lastIndexOf('\n', last.from) + 1, last.from);
  const gap = /^\s*$/.test(line) && text.includes('\n') ? `\n${line}` : ' ';
  return { from: last.to, to: last.to, insert: `,${gap}${member}` };
}
