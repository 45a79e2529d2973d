import { ActionIcon, Button, TextInput } from '@mantine/core';
import { Archive, Bookmark, Inbox, MailOpen, X, type LucideIcon } from 'lucide-react';
import { useState } from 'react';

import type { Priority, SignalKindsResponse } from '../../bindings/wire';
import { useDo } from '../../engine';
import { formatCount, visible } from '../../lib/format';
import { t, type WordKey } from '../../lib/words';
import { toProblem } from '../../platform';
import { ProblemBlock } from '../../ui/ProblemBlock';
import { takeBack, toast, withdraw } from '../../ui/toasts/toast';
import { typeName } from '../connect/SignalPair';
import { clearInbox, filterOf, isNarrowed, useInboxView, viewOf, type Box } from './view';

const BOXES: { box: Box; word: WordKey; icon: LucideIcon }[] = [
  { box: 'all', word: 'inbox.boxes.all', icon: Inbox },
  { box: 'unread', word: 'inbox.boxes.unread', icon: MailOpen },
  { box: 'archived', word: 'inbox.boxes.archived', icon: Archive },
];
const PRIORITIES: Priority[] = ['critical', 'high', 'medium', 'low'];

/** With more than so many of a kind, the others are shown when they are asked for. */
const FEW = 30;

/** Which part is shown, and what it is narrowed to. */
export function Filters({ kinds, unread }: { kinds: SignalKindsResponse | undefined; unread: number }) {
  const view = useInboxView();
  const set = (change: Partial<typeof view>) => useInboxView.setState({ ...change, top: 0 });
  const connections = new Map<string, { name: string; count: number }>();
  const types = new Map<string, number>();
  for (const kind of kinds?.kinds ?? []) {
    const before = connections.get(kind.connection)?.count ?? 0;
    if (kind.connectionName !== null) connections.set(kind.connection, { name: kind.connectionName, count: before + kind.count });
    types.set(kind.signalType, (types.get(kind.signalType) ?? 0) + kind.count);
  }
  return (
    <nav className="ib-filters" aria-label={t('inbox.filters')}>
      <ul className="ib-boxes">
        {BOXES.map(({ box, word, icon: Icon }) => (
          <li key={box}>
            <button type="button" className="ib-choice" aria-current={view.box === box ? 'true' : undefined} onClick={() => set({ box })}>
              <Icon size={16} aria-hidden />
              <span className="cut">{t(word)}</span>
              {box === 'unread' && unread > 0 && <span className="ib-count figures">{formatCount(unread)}</span>}
            </button>
          </li>
        ))}
      </ul>
      <Saved kinds={kinds} />
      <Choices
        title={t('inbox.connections')}
        all={[...connections].map(([value, { name, count }]) => ({ value, label: visible(name), count }))}
        chosen={view.connections}
        onChange={(chosen) => set({ connections: chosen })}
      />
      <Choices
        title={t('inbox.types')}
        all={[...types].map(([value, count]) => ({ value, label: typeName(value), count }))}
        chosen={view.types}
        onChange={(chosen) => set({ types: chosen })}
      />
      <Choices
        title={t('inbox.priorities')}
        all={PRIORITIES.map((value) => ({ value, label: t(`connect.priority.${value}`) }))}
        chosen={view.priorities}
        onChange={(chosen) => set({ priorities: PRIORITIES.filter((one) => chosen.includes(one)) })}
      />
    </nav>
  );
}

interface Choice {
  value: string;
  label: string;
  count?: number;
}

function Choices({ title, all, chosen, onChange }: { title: string; all: Choice[]; chosen: string[]; onChange: (chosen: string[]) => void }) {
  const [whole, setWhole] = useState(false);
  if (all.length === 0) return null;
  // What is chosen is in sight, also where it is one of many.
  const first = new Set(all.slice(0, FEW));
  const shown = whole || all.length <= FEW ? all : all.filter((one) => first.has(one) || chosen.includes(one.value));
  return (
    <fieldset className="ib-choices">
      <legend>{title}</legend>
      {shown.map(({ value, label, count }) => {
        const on = chosen.includes(value);
        return (
          <label key={value} className="ib-choice">
            <input type="checkbox" checked={on} onChange={() => onChange(on ? chosen.filter((one) => one !== value) : [...chosen, value])} />
            <span className="cut" title={label}>
              {label}
            </span>
            {count !== undefined && <span className="ib-count figures">{formatCount(count)}</span>}
          </label>
        );
      })}
      {all.length > FEW && (shown.length < all.length || whole) && (
        <Button size="compact-xs" variant="subtle" className="ib-whole" aria-expanded={whole} onClick={() => setWhole(!whole)}>
          {whole ? t('inbox.showFewer') : t('inbox.showAll', { n: formatCount(all.length) })}
        </Button>
      )}
    </fieldset>
  );
}

/** What is said of a filter that was forgotten. */
const FORGOTTEN = 'forgotten filter';
/** And of one that could not be brought back. */
const NOT_BACK = 'forgotten filter, not taken back';

/** Filters that are kept, and a way to keep this one. */
function Saved({ kinds }: { kinds: SignalKindsResponse | undefined }) {
  const view = useInboxView();
  const [name, setName] = useState<string>();
  const save = useDo('signal_filter_save', { touches: ['signal_kinds_list'] });
  const drop = useDo('signal_filter_delete', { touches: ['signal_kinds_list'] });
  const saved = kinds?.saved ?? [];
  // Also where the inbox is left by then.
  const forget = ({ name, filter }: (typeof saved)[number]) => {
    const undo = () => takeBack(() => save.mutateAsync({ name, filter }), NOT_BACK);
    const done = () => toast({ id: FORGOTTEN, words: t('inbox.filterForgotten', { name: visible(name) }), undo });
    void drop.mutateAsync({ name }).then(done, () => undefined);
  };
  const keep = (name: string) => {
    void save.mutateAsync({ name, filter: filterOf(view) }).then(
      () => {
        setName(undefined);
        // What is kept under a name now is not to be overwritten by what was forgotten.
        withdraw(FORGOTTEN);
        withdraw(NOT_BACK);
      },
      () => undefined,
    );
  };
  const narrowed = isNarrowed(view);
  const failed = save.error ?? drop.error;
  if (saved.length === 0 && !narrowed) return null;
  return (
    <fieldset className="ib-choices">
      <legend>{t('inbox.saved')}</legend>
      {saved.map((one) => (
        <div key={one.name} className="ib-saved">
          <button type="button" className="ib-choice" onClick={() => useInboxView.setState({ ...viewOf(one.filter), top: 0 })}>
            <Bookmark size={14} aria-hidden />
            <span className="cut">{visible(one.name)}</span>
          </button>
          <ActionIcon variant="subtle" color="gray" size={24} aria-label={t('inbox.forgetFilter', { name: visible(one.name) })} onClick={() => forget(one)}>
            <X size={14} />
          </ActionIcon>
        </div>
      ))}
      {narrowed &&
        (name === undefined ? (
          <div className="row ib-keep">
            <Button size="compact-xs" onClick={() => setName('')}>
              {t('inbox.keepFilter')}
            </Button>
            <Button size="compact-xs" variant="subtle" onClick={clearInbox}>
              {t('common.clearFilters')}
            </Button>
          </div>
        ) : (
          <form
            className="ib-keep"
            onSubmit={(event) => {
              event.preventDefault();
              keep(name.trim());
            }}
          >
            <TextInput size="xs" aria-label={t('inbox.filterName')} placeholder={t('inbox.filterName')} value={name} maxLength={60} autoFocus onChange={(event) => setName(event.currentTarget.value)} />
            <div className="row">
              <Button type="submit" size="compact-xs" loading={save.isPending} disabled={name.trim() === ''}>
                {t('common.save')}
              </Button>
              <Button size="compact-xs" variant="subtle" onClick={() => setName(undefined)}>
                {t('common.cancel')}
              </Button>
            </div>
          </form>
        ))}
      {failed !== null && failed !== undefined && <ProblemBlock problem={toProblem(failed)} />}
    </fieldset>
  );
}
