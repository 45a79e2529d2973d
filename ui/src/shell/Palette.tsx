import { Kbd, Modal, TextInput } from '@mantine/core';
import { Grid2x2, Lock, Play, Plug, Plus, ScrollText, Search, Undo2, Workflow, type LucideIcon } from 'lucide-react';
import { useEffect, useId, useMemo, useRef, useState } from 'react';
import { useLocation } from 'wouter';

import { send, useRead } from '../engine';
import { t, type WordKey } from '../lib/words';
import { PAGES } from './pages';

interface Entry {
  key: string;
  group: WordKey;
  icon: LucideIcon;
  label: string;
  /** Other words it is found by. */
  also?: string;
  shortcut?: string;
  go: string;
  /** Done instead of going anywhere. */
  act?: () => void;
}

/** Everything by name: pages, chains, connections, connectors. */
export default function Palette({ onClose }: { onClose: () => void }) {
  return (
    <Modal.Root opened onClose={onClose} size={600} yOffset="12vh" centered={false}>
      <Modal.Overlay />
      <Modal.Content aria-label={t('shell.search')}>
        <Content onClose={onClose} />
      </Modal.Content>
    </Modal.Root>
  );
}

function Content({ onClose }: { onClose: () => void }) {
  const [text, setText] = useState('');
  const [at, setAt] = useState(0);
  const [, go] = useLocation();
  const list = useRef<HTMLUListElement>(null);
  const id = useId();
  const entries = useEntries();
  const found = useMemo(() => search(entries, text).slice(0, 40), [entries, text]);
  const chosen = Math.min(at, Math.max(found.length - 1, 0));
  useEffect(() => {
    list.current?.querySelector('[aria-selected=true]')?.scrollIntoView({ block: 'nearest' });
  }, [chosen]);
  const choose = (entry: Entry | undefined) => {
    if (!entry) return;
    onClose();
    if (entry.act) entry.act();
    else go(entry.go);
  };
  return (
    <>
      <TextInput
        size="md"
        variant="unstyled"
        px={16}
        leftSection={<Search size={16} aria-hidden />}
        leftSectionWidth={40}
        placeholder={t('shell.palette.placeholder')}
        aria-label={t('shell.palette.placeholder')}
        role="combobox"
        aria-expanded
        aria-controls={`${id}-list`}
        aria-activedescendant={found.length ? `${id}-${chosen}` : undefined}
        data-autofocus
        value={text}
        onChange={(event) => {
          setText(event.currentTarget.value);
          setAt(0);
        }}
        onKeyDown={(event) => {
          if (event.key === 'ArrowDown') setAt((chosen + 1) % Math.max(found.length, 1));
          else if (event.key === 'ArrowUp') setAt((chosen - 1 + found.length) % Math.max(found.length, 1));
          else if (event.key === 'Enter') choose(found[chosen]);
          else return;
          event.preventDefault();
        }}
      />
      <ul className="palette-list" role="listbox" id={`${id}-list`} ref={list} aria-label={t('shell.search')}>
        {found.map((entry, index) => {
          const head = text === '' && entry.group !== found[index - 1]?.group ? t(entry.group) : undefined;
          return (
            <li key={entry.key} role="presentation">
              {head && (
                <div className="palette-group" role="presentation">
                  {head}
                </div>
              )}
              <div
                role="option"
                id={`${id}-${index}`}
                aria-selected={index === chosen}
                className="palette-item"
                onClick={() => choose(entry)}
                onMouseMove={() => setAt(index)}
              >
                <entry.icon size={16} aria-hidden />
                <span className="cut">{entry.label}</span>
                {entry.shortcut && <Kbd size="xs">{entry.shortcut}</Kbd>}
              </div>
            </li>
          );
        })}
      </ul>
      {found.length === 0 && <p className="palette-group">{t('shell.palette.empty', { text })}</p>}
      <div className="palette-foot meta">{t('shell.palette.hint')}</div>
    </>
  );
}

function useEntries(): Entry[] {
  const chains = useRead('chain_list', {});
  const connections = useRead('connection_list', { offset: 0, limit: 200 });
  const connectors = useRead('catalogue_list', {});
  const secrets = useRead('secrets_status', {}).data;
  const lockable = secrets?.store === 'passphrase' && secrets.state !== 'locked';
  return useMemo(() => {
    const pages = PAGES.map((page, index): Entry => ({
      key: page.path,
      group: 'shell.palette.goTo',
      icon: page.icon,
      label: t(page.word),
      shortcut: `Ctrl ${index + 1}`,
      go: page.path,
    }));
    const further: Entry[] = [
      { key: '/settings/audit', group: 'shell.palette.goTo', icon: ScrollText, label: t('audit.title'), also: 'audit trail log history export', go: '/settings/audit' },
      { key: '/health/jobs/given-up', group: 'shell.palette.goTo', icon: Undo2, label: t('health.givenUp.title'), also: 'dead letters jobs retry background', go: '/health/jobs/given-up' },
    ];
    const chain = (chains.data?.chains ?? []).flatMap((c): Entry[] => [
      { key: `run-${c.id}`, group: 'shell.palette.chains', icon: Play, label: t('shell.palette.run', { name: c.name }), also: 'start', go: `/chains/${c.id}/run` },
      { key: `open-${c.id}`, group: 'shell.palette.chains', icon: Workflow, label: t('shell.palette.open', { name: c.name }), also: 'edit', go: `/chains/${c.id}` },
    ]);
    const connection = (connections.data?.connections ?? []).map((c): Entry => ({
      key: c.id,
      group: 'shell.palette.connections',
      icon: Plug,
      label: t('shell.palette.open', { name: c.name }),
      also: 'test sign in login key sync',
      go: `/connections/${encodeURIComponent(c.name)}`,
    }));
    const connector = (connectors.data?.connectors ?? []).map((c): Entry => ({
      key: c.id,
      group: 'shell.palette.connectors',
      icon: Grid2x2,
      label: t('shell.palette.connect', { name: c.name }),
      also: 'add login sign in',
      go: `/catalogue/${c.id}/connect`,
    }));
    const commands: Entry[] = [
      { key: 'new-chain', group: 'shell.palette.commands', icon: Plus, label: t('shell.palette.newChain'), shortcut: 'Ctrl N', also: 'create build', go: '/chains/new' },
      // The event that follows shows it.
      ...(lockable ? [{ key: 'lock', group: 'shell.palette.commands' as const, icon: Lock, label: t('shell.palette.lockNow'), also: 'keys secrets passphrase', go: '', act: () => void send('secrets_lock', {}) }] : []),
    ];
    return [...chain, ...pages, ...further, ...commands, ...connection, ...connector];
  }, [chains.data, connections.data, connectors.data, lockable]);
}

const plain = (text: string) => text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();

/** Every word of the text must begin a word, or be inside the letters in order. */
function search(entries: Entry[], text: string): Entry[] {
  const words = plain(text).split(/\s+/).filter(Boolean);
  if (words.length === 0) return entries;
  const scored = entries.flatMap((entry) => {
    const label = plain(entry.label);
    const all = `${label} ${entry.also ?? ''}`;
    let points = 0;
    for (const word of words) {
      if (new RegExp(`(^|[^\\p{L}\\p{N}])${word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}`, 'u').test(label)) points += 10;
      else if (all.includes(word)) points += 5;
      else if (inOrder(word, label)) points += 1;
      else return [];
    }
    return [{ entry, points }];
  });
  return scored.sort((a, b) => b.points - a.points).map(({ entry }) => entry);
}

function inOrder(letters: string, text: string): boolean {
  let from = 0;
  for (const letter of letters) {
    from = text.indexOf(letter, from) + 1;
    if (from === 0) return false;
  }
  return true;
}
