import { Zap } from 'lucide-react';
import { beforeEach, describe, expect, it } from 'vitest';

import type { Command } from './command';
import { recent, used } from './recent';
import { findable, search } from './search';

const command = (label: string, more: Partial<Command> = {}): Command => ({ id: label, group: 'chains', icon: Zap, label, actions: [{ label, act: () => undefined }], ...more });

const ALL = findable([
  command('Run New issue to team message'),
  command('Open New issue to team message'),
  command('Sign in again to Crème Mail'),
  command('Connect GitHub Issues'),
  command('Connect GitLab'),
  command('Test Jira', { why: 'You are offline' }),
  command('Test Jora'),
  command('Theme: Dark', { also: 'appearance' }),
  command('Pause Jira'),
]);

const labels = (text: string) => search(ALL, text).map((found) => found.label);

describe('looking for a command', () => {
  it.each([
    ['login', 'Sign in again to Crème Mail'],
    ['creme', 'Sign in again to Crème Mail'],
    ['start new issue', 'Run New issue to team message'],
    ['edit nothing like it', undefined],
    ['ghi', 'Connect GitHub Issues'],
    ['dark', 'Theme: Dark'],
    ['disable jira', 'Pause Jira'],
    ['JIRA test', 'Test Jira'],
    ['zzz', undefined],
  ])('%s finds %s', (text, first) => {
    expect(labels(text)[0]).toBe(first);
  });

  it('puts what begins so before what only has it', () => {
    expect(labels('git')).toEqual(['Connect GitHub Issues', 'Connect GitLab']);
    expect(labels('run')[0]).toBe('Run New issue to team message');
  });

  it('shows what cannot be done now after what can', () => {
    expect(labels('test')).toEqual(['Test Jora', 'Test Jira']);
  });

  it('takes a text for a text', () => {
    expect(labels('.*')).toEqual([]);
    expect(labels('(')).toEqual([]);
  });

  it('searches thousands of commands in little work', () => {
    const many = findable(Array.from({ length: 5_000 }, (_, n) => command(`Connect Tool number ${n} of many`)));
    expect(search(many, 'tool 4999')[0]?.label).toBe('Connect Tool number 4999 of many');
    expect(search(many, 'tool')).toHaveLength(60);
  });
});

describe('the last commands', () => {
  beforeEach(() => localStorage.clear());

  it('are five, each once, the latest first', () => {
    for (const id of ['a', 'b', 'c', 'd', 'e', 'f', 'b']) used(id);
    expect(recent()).toEqual(['b', 'f', 'e', 'd', 'c']);
  });

  it('are none where what was kept is no list', () => {
    for (const kept of ['{', '7', '{"a":1}', '[1,2]']) {
      localStorage.setItem('patchbay-recent-commands', kept);
      expect(recent()).toEqual([]);
    }
  });
});
