import { CompletionContext } from '@codemirror/autocomplete';
import { json } from '@codemirror/lang-json';
import { EditorState } from '@codemirror/state';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

import { fromSchema, type Schema } from './completion';
import { curl } from './curl';
import { duplicate } from './draft';
import { setAt } from './edit';
import { fieldsOf, itemsPathOf, pathOf, templateOf, withinItem } from './paths';

const schema = JSON.parse(readFileSync('../descriptors/descriptor.schema.json', 'utf8')) as Schema;

describe('a value of an answer', () => {
  it('is named by a path that the engine reads', () => {
    expect(pathOf(['items', 3, 'user', 'first-name', "it's"])).toBe("$.items[3].user['first-name']['it\\'s']");
  });

  it('is found within its item, however the items path is written', () => {
    const place = ['data', 'items', 7, 'user', 'login'];
    for (const path of ['$.data.items[*]', "$['data'].items[*]"]) expect(withinItem(place, path)).toEqual(['user', 'login']);
    expect(withinItem([2, 'id'], '$[*]')).toEqual(['id']);
    expect(withinItem(['next'], '$.items[*]')).toBeUndefined();
  });

  it('makes the list around it the items', () => {
    expect(itemsPathOf(['data', 'items'], [])).toBe('$.data.items[*]');
    expect(itemsPathOf(['data', 'items', 2, 'id'], 5)).toBe('$.data.items[*]');
    expect(itemsPathOf([], [])).toBe('$[*]');
    expect(itemsPathOf(['next'], 'x')).toBeUndefined();
  });

  it('is a template only where its names can stand in one', () => {
    expect(templateOf(['user', 'login'])).toBe('{{user.login}}');
    expect(templateOf(['labels', 0])).toBe('{{labels[0]}}');
    expect(templateOf(['first-name'])).toBeUndefined();
  });

  it('is counted over the items that have it', () => {
    const found = fieldsOf([{ id: 1, user: { login: null } }, { id: 2, user: { login: 'a' }, tags: [] }]);
    expect(found.map((field) => [pathOf(field.place), field.type, field.count])).toEqual([
      ['$.id', 'number', 2],
      ['$.user.login', 'string', 2],
      ['$.tags', 'list', 1],
    ]);
  });
});

describe('writing into a definition', () => {
  const text = '{\n  "streams": [\n    { "id": "a", "mapping": {\n      "idPath": "$.id"\n    } }\n  ]\n}\n';
  const apply = (place: (string | number)[], value: string) => {
    const change = setAt(text, place, value);
    return change && text.slice(0, change.from) + change.insert + text.slice(change.to);
  };

  it('changes the one value and nothing else', () => {
    expect(apply(['streams', 0, 'mapping', 'idPath'], '$.key')).toBe(text.replace('$.id', '$.key'));
  });

  it('adds a member that is missing, and nothing where there is no place for it', () => {
    expect(apply(['streams', 0, 'mapping', 'itemsPath'], '$[*]')).toBe(text.replace('"$.id"', '"$.id",\n      "itemsPath": "$[*]"'));
    expect(apply(['streams', 4, 'mapping', 'idPath'], 'x')).toBeUndefined();
  });

  it('gives a copy an id and a name of its own', () => {
    const copy = duplicate('{\n  "$schema": "./descriptor.schema.json",\n  "id": "tool",\n  "name": "Tool",\n  "streams": [{ "id": "a" }]\n}');
    expect(JSON.parse(copy)).toEqual({ id: 'my-tool', name: 'My Tool', streams: [{ id: 'a' }] });
  });
});

describe('suggestions', () => {
  const at = (text: string) => {
    const pos = text.indexOf('|');
    const state = EditorState.create({ doc: text.replace('|', ''), extensions: [json()] });
    return fromSchema(schema)(new CompletionContext(state, pos, true))?.options.map((one) => one.displayLabel ?? one.label) ?? [];
  };

  it('are the names that fit, without those that are there', () => {
    const names = at('{ "id": "a", "|" }');
    expect(names).toContain('streams');
    expect(names).not.toContain('id');
    expect(at('{ "streams": [{ "id": "a", "mapping": { "|" } }] }')).toContain('idPath');
  });

  it('are the values that fit', () => {
    expect(at('{ "category": "|" }')).toContain('"custom"');
    expect(at('{ "healthCheck": { "request": { "method": "|" } } }')).toContain('"POST"');
  });

  it('keep to the kind that is chosen', () => {
    const names = at('{ "defaults": { "pagination": { "next": { "type": "page", "|" } } } }');
    expect(names).toContain('start');
    expect(names).not.toContain('cursorPath');
  });
});

describe('a request as a command', () => {
  it('has a placeholder for secrets and quotes what a shell would take apart', () => {
    const headers = [{ name: 'Authorization', value: 'Bearer •••' }];
    const text = curl({ method: 'POST', url: 'https://a.example/x?key=•••', headers, body: `{"a":"it's"}` });
    expect(text).toBe(`curl 'https://a.example/x?key=YOUR_SECRET' \\\n  --request POST \\\n  --header 'Authorization: Bearer YOUR_SECRET' \\\n  --data-raw '{"a":"it'\\''s"}'`);
  });
});
