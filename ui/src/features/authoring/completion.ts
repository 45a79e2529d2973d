import type { Completion, CompletionContext, CompletionResult } from '@codemirror/autocomplete';
import { syntaxTree } from '@codemirror/language';
import type { SyntaxNode } from '@lezer/common';

import type { JsonValue } from '../../bindings/wire';
import { memberOf, valuesOf } from './edit';
import type { Place } from './paths';

/** The part of JSON Schema (2020-12) that completion understands. */
export interface Schema {
  $ref?: string;
  $defs?: Record<string, Schema>;
  type?: string | string[];
  description?: string;
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  additionalProperties?: Schema | boolean;
  anyOf?: Schema[];
  oneOf?: Schema[];
  allOf?: Schema[];
  enum?: JsonValue[];
  const?: JsonValue;
  default?: JsonValue;
}

/** Every schema that a value at this schema may follow. */
function branches(root: Schema, schema: Schema, depth = 0): Schema[] {
  if (depth > 12) return [];
  const found = [schema];
  const name = schema.$ref?.replace('#/$defs/', '');
  const target = name === undefined ? undefined : root.$defs?.[name];
  for (const inner of [...(target ? [target] : []), ...(schema.anyOf ?? []), ...(schema.oneOf ?? []), ...(schema.allOf ?? [])]) {
    found.push(...branches(root, inner, depth + 1));
  }
  return found;
}

/** Leaves out what an object cannot be, as its members that name a kind say. */
function fitting(root: Schema, schema: Schema, present: Map<string, JsonValue>): Schema[] {
  const clashes = (one: Schema) =>
    Object.entries(one.properties ?? {}).some(([name, member]) => {
      const value = present.get(name);
      return member.const !== undefined && value !== undefined && value !== member.const;
    });
  return branches(root, schema).filter((one) => !clashes(one));
}

/** What a value at a place may be. `presentAt` tells the plain members of the object at a depth. */
function schemasAt(root: Schema, place: Place, presentAt: (depth: number) => Map<string, JsonValue>): Schema[] {
  let schemas: Schema[] = fitting(root, root, presentAt(0));
  for (const [depth, part] of place.entries()) {
    const next: Schema[] = [];
    for (const schema of schemas) {
      const { additionalProperties: others } = schema;
      const inner = typeof part === 'number' ? schema.items : (schema.properties?.[part] ?? (typeof others === 'object' ? others : undefined));
      if (inner) next.push(...fitting(root, inner, presentAt(depth + 1)));
    }
    schemas = next;
  }
  return schemas;
}

/** The value that a member begins with: quotes, braces, or nothing. */
function beginning(root: Schema, schema: Schema): string {
  const all = branches(root, schema);
  const types = all.flatMap((one) => one.type ?? []);
  const fixed = all.find((one) => one.const !== undefined)?.const;
  if (fixed !== undefined) return JSON.stringify(fixed);
  if (types.includes('string') || all.some((one) => one.enum?.every((value) => typeof value === 'string'))) return '""';
  if (types.includes('array')) return '[]';
  if (types.includes('object') || all.some((one) => one.properties)) return '{}';
  return '';
}

/** Suggests members and values at the cursor, from the format's schema. */
export const fromSchema =
  (root: Schema) =>
  (context: CompletionContext): CompletionResult | null => {
    const text = context.state.doc.toString();
    const here = syntaxTree(context.state).resolveInner(context.pos, -1);
    const chain: SyntaxNode[] = [];
    for (let node: SyntaxNode | null = here; node; node = node.parent) chain.unshift(node);
    const place: Place = [];
    const objects: (SyntaxNode | undefined)[] = [];
    let property: SyntaxNode | undefined;
    for (const [at, node] of chain.entries()) {
      const child = chain[at + 1];
      if (node.name === 'Object') objects[place.length] = node;
      if (node.name === 'Property') {
        const { name, value } = memberOf(text, node);
        const inValue = (value && value.from <= context.pos && child?.name !== 'PropertyName') || (!value && text.slice(node.from, context.pos).includes(':'));
        if (inValue) place.push(name);
        else property = node;
      }
      if (node.name === 'Array') {
        const values = valuesOf(node);
        place.push(Math.max(0, values.findIndex((one) => one.to >= context.pos)));
      }
    }
    const presentAt = (depth: number) => {
      const found = new Map<string, JsonValue>();
      for (const one of objects[depth]?.getChildren('Property') ?? []) {
        const { name, value } = memberOf(text, one);
        if (value?.name === 'String') found.set(name, text.slice(value.from + 1, value.to - 1));
        else found.set(name, null);
      }
      return found;
    };
    const schemas = schemasAt(root, place, presentAt);
    const inString = here.name === 'String';
    const atName = property !== undefined || here.name === 'Object';
    if (atName) return members(context, root, schemas, property, new Set(presentAt(place.length).keys()), text);
    if (!inString && !context.explicit && here.name !== 'Property') return null;
    const options = values(schemas);
    if (options.length === 0) return null;
    return { from: inString ? here.from : context.pos, to: inString ? here.to : context.pos, options, filter: true };
  };

function members(context: CompletionContext, root: Schema, schemas: Schema[], property: SyntaxNode | undefined, present: Set<string>, text: string): CompletionResult | null {
  const word = property?.getChild('PropertyName');
  if (!word && !context.explicit) return null;
  const own = property && memberOf(text, property);
  const after = text.slice(word?.to ?? context.pos, (word?.to ?? context.pos) + 200);
  const hasValue = /^\s*:/.test(after);
  // What follows is another member, and needs a comma before it.
  const comma = /^\s*"/.test(after) ? ',' : '';
  const options = new Map<string, Completion>();
  for (const schema of schemas) {
    for (const [name, member] of Object.entries(schema.properties ?? {})) {
      if ((present.has(name) && own?.name !== name) || options.has(name)) continue;
      const value = hasValue ? '' : beginning(root, member);
      const required = schema.required?.includes(name) ?? false;
      const description = branches(root, member).find((one) => one.description)?.description;
      const insert = hasValue ? `"${name}"` : `"${name}": ${value}${comma}`;
      options.set(name, {
        label: `"${name}"`,
        displayLabel: name,
        type: 'property',
        boost: required ? 1 : 0,
        ...(required ? { detail: '*' } : {}),
        ...(description ? { info: description } : {}),
        apply: (view, _, from, to) => {
          const inside = (value === '""' || value === '{}' || value === '[]' ? 1 : 0) + (hasValue ? 0 : comma.length);
          view.dispatch({ changes: { from, to, insert }, selection: { anchor: from + insert.length - inside }, userEvent: 'input.complete' });
        },
      });
    }
  }
  return { from: word?.from ?? context.pos, to: word?.to ?? context.pos, options: [...options.values()], validFor: /^"[\w$]*"?$/ };
}

function values(schemas: Schema[]): Completion[] {
  const found = new Map<string, Completion>();
  for (const schema of schemas) {
    const types = [schema.type ?? []].flat();
    const listed = [...(schema.enum ?? []), ...(schema.const === undefined ? [] : [schema.const]), ...(types.includes('boolean') ? [true, false] : [])];
    for (const value of listed) {
      const label = JSON.stringify(value);
      if (!found.has(label)) found.set(label, { label, type: 'enum', ...(schema.description ? { info: schema.description } : {}) });
    }
  }
  return [...found.values()];
}
