import { describe, expect, it } from 'vitest';

import type { Chain, Step } from '../../../bindings/wire';
import { addStep, addLogic, emptyChain, moveStep, removeStep } from '../document';
import { POLICY } from '../fresh';
import { flowOf, GAP_BETWEEN, HEIGHT, WIDTH, type Flow } from './flow';
import { placeAfter } from './outline';

const step = (id: string, part: Partial<Step> = {}): Step => ({ id, policy: POLICY, ...part });
const on = (branch: string, way: string) => ({ on: { branch, way } });
const branch = (id: string, part: Partial<Step> = {}): Step => step(id, { logic: { type: 'branch', ways: [{ name: 'yes', when: [] }], otherwise: 'no' }, ...part });
const chain = (...steps: Step[]): Chain => ({ ...emptyChain('c'), steps });
const item = (flow: Flow, id: string) => flow.items.find((own) => own.id === id) ?? expect.fail(`${id} is not drawn`);

/** read → is it? → yes: a, inner (yes: b) → no: c → end, with a handler after a failure. */
const big = (): Chain => ({
  ...chain(step('read'), branch('is_it'), step('a', on('is_it', 'yes')), branch('inner', on('is_it', 'yes')), step('b', on('inner', 'yes')), step('c', on('is_it', 'no')), step('end')),
  onFailure: [step('sorry')],
});

describe('the flow of a chain', () => {
  it('draws a plain chain in one column', () => {
    const flow = flowOf(chain(step('one'), step('two'), step('three')));
    expect(flow.items.map((own) => [own.id, own.x, own.y])).toEqual([
      ['one', 0, 0],
      ['two', 0, HEIGHT + GAP_BETWEEN],
      ['three', 0, 2 * (HEIGHT + GAP_BETWEEN)],
    ]);
    expect(flow.edges.map((edge) => [edge.from, edge.to])).toEqual([['one', 'two'], ['two', 'three']]);
  });

  it('draws the ways of a branch side by side and what follows below all of them', () => {
    const flow = flowOf(big());
    const [yes, no, end] = [item(flow, 'is_it/yes'), item(flow, 'is_it/no'), item(flow, 'end')];
    expect(yes.y).toBe(no.y);
    expect(no.x).toBeGreaterThan(item(flow, 'inner/no').x + WIDTH);
    expect(item(flow, 'c').x).toBe(no.x);
    expect(end.x).toBe(0);
    for (const other of flow.items.filter((own) => own.section === 'steps' && own.id !== 'end')) expect(other.y).toBeLessThan(end.y);
    expect(flow.edges.filter((edge) => edge.to === 'end').map((edge) => edge.from)).toEqual(['b', 'inner/no', 'c']);
    expect(item(flow, 'sorry').y).toBeGreaterThan(end.y);
    expect(item(flow, 'b').depth).toBe(2);
  });

  it('never draws one step over another', () => {
    const { items } = flowOf(big());
    for (const [at, one] of items.entries()) {
      for (const other of items.slice(at + 1)) {
        expect(Math.abs(one.x - other.x) >= WIDTH || Math.abs(one.y - other.y) >= 30, `${one.id} over ${other.id}`).toBe(true);
      }
    }
  });

  it('moves only what follows when a step comes or goes', () => {
    const before = flowOf(big());
    const place = placeAfter(big(), 'a');
    if (!place) return expect.fail('a has a place after it');
    const added = addStep(big(), place, 'Chat', { id: 'new', items: false, title: 'New' }, () => false);
    expect(added.chain.steps.find((own) => own.id === 'new')?.on).toEqual({ branch: 'is_it', way: 'yes' });
    const after = flowOf(added.chain);
    for (const id of ['read', 'is_it', 'is_it/yes', 'a', 'is_it/no', 'c']) expect(item(after, id)).toMatchObject({ x: item(before, id).x, y: item(before, id).y });
    expect(item(after, 'new').y).toBe(item(before, 'inner').y);
    for (const id of ['inner', 'b', 'end']) expect(item(after, id).y).toBeGreaterThan(item(before, id).y);
    expect(flowOf(removeStep(added.chain, 'new'))).toEqual(before);
  });

  it('goes along the lines with up and down and from way to way with left and right', () => {
    const flow = flowOf(big());
    const walk = (id: string, ...keys: ('up' | 'down' | 'left' | 'right')[]) => keys.reduce((now, key) => item(flow, now)[key] ?? now, id);
    expect(walk('read', 'down', 'down', 'down')).toBe('a');
    expect(walk('a', 'right')).toBe('c');
    expect(walk('c', 'left')).toBe('a');
    expect(walk('c', 'down')).toBe('end');
    expect(walk('end', 'up', 'up')).toBe('inner/yes');
    expect(walk('inner/yes', 'right')).toBe('inner/no');
    expect(walk('read', 'up')).toBe('read');
    expect(walk('end', 'down')).toBe('sorry');
    expect(walk('sorry', 'up')).toBe('end');
  });

  it('frames what is done for each item, with the ways of a branch in it', () => {
    const flow = flowOf(chain(step('list'), branch('which', { forEach: 'list' }), step('x', { forEach: 'list', ...on('which', 'no') }), step('sum', { logic: { type: 'aggregate', of: 'x', how: 'count' } })));
    expect(flow.frames).toHaveLength(1);
    const [frame] = flow.frames;
    if (!frame) return;
    for (const id of ['which', 'which/yes', 'which/no', 'x']) {
      const { x, y } = item(flow, id);
      expect(x >= frame.x && x + WIDTH <= frame.x + frame.width && y >= frame.y && y + HEIGHT <= frame.y + frame.height, `${id} in ${JSON.stringify(frame)}`).toBe(true);
    }
    for (const id of ['list', 'sum']) {
      const { y } = item(flow, id);
      expect(y + HEIGHT <= frame.y || y >= frame.y + frame.height, id).toBe(true);
    }
  });

  it('draws a branch on its own way, and a way that nobody has, without an end', () => {
    expect(flowOf(chain(branch('odd', on('odd', 'yes')), step('lost', on('nowhere', 'x')), step('stray', on('odd', 'gone')))).items.map((own) => own.id)).toEqual(['odd', 'odd/yes', 'odd/no', 'odd/gone', 'stray', 'lost']);
  });
});

describe('changes in branches', () => {
  it('takes a branch out with what is on its ways, and moves it with them', () => {
    expect(removeStep(big(), 'is_it').steps.map((own) => own.id)).toEqual(['read', 'end']);
    expect(moveStep(big(), 'is_it', 1).steps.map((own) => own.id)).toEqual(['read', 'end', 'is_it', 'a', 'inner', 'b', 'c']);
    expect(moveStep(big(), 'is_it', -1).steps.map((own) => own.id)).toEqual(['is_it', 'a', 'inner', 'b', 'c', 'read', 'end']);
    expect(moveStep(big(), 'a', -1)).toEqual(big());
  });

  it('joins the ends of the ways before it', () => {
    const place = placeAfter(big(), 'is_it');
    if (!place) return expect.fail('the branch has a place after it');
    const added = addLogic(big(), place, 'join', () => false).chain;
    expect(added.steps.find((own) => own.id === 'join')?.logic).toEqual({ type: 'join', of: ['inner', 'c'] });
  });
});
