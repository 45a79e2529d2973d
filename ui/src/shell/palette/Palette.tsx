import { Modal, TextInput } from '@mantine/core';
import { ChevronLeft, Search } from 'lucide-react';
import { useEffect, useId, useMemo, useRef, useState, type KeyboardEvent } from 'react';

import { t } from '../../lib/words';
import { GROUPS, type Command, type Group } from './command';
import { Line } from './Line';
import { recent, used } from './recent';
import { findable, search } from './search';
import { useCommands } from './useCommands';

/** So many of a group are shown while nothing is typed. */
const FIRST: Partial<Record<Group, number>> = { chains: 6, connections: 5, connectors: 0, settings: 4 };

interface Props {
  /** What was typed before the field was there; empty when it is asked for again. */
  early: () => string;
  onClose: () => void;
  onHelp: () => void;
}

/** Every command by name. */
export default function Palette(props: Props) {
  return (
    <Modal.Root opened onClose={props.onClose} closeOnEscape={false} size={600} yOffset="12vh" centered={false}>
      <Modal.Overlay />
      <Modal.Content aria-label={t('shell.search')}>
        <Content {...props} />
      </Modal.Content>
    </Modal.Root>
  );
}

/** Without a search: the last ones, then each group from its beginning. */
function offered(commands: Command[]): Command[] {
  const last = recent().flatMap((id) => commands.find((command) => command.id === id) ?? []);
  const rest = commands.filter((command) => !last.includes(command));
  return [
    ...last.map((command): Command => ({ ...command, group: 'recent' })),
    ...GROUPS.flatMap((group) => rest.filter((command) => command.group === group).slice(0, FIRST[group] ?? 10)),
  ];
}

function Content({ early, onClose, onHelp }: Props) {
  const [text, setText] = useState('');
  const [at, setAt] = useState(0);
  /** The command whose actions are shown. */
  const [of, setOf] = useState<Command>();
  const list = useRef<HTMLUListElement>(null);
  const id = useId();
  const commands = useCommands(onHelp);
  const entries = useMemo(() => findable(commands), [commands]);
  const found = useMemo(() => (text.trim() ? search(entries, text) : offered(commands)), [entries, commands, text]);
  const shown = useMemo(() => (of ? of.actions.map((action): Command => ({ ...of, label: action.label, actions: [action] })) : found), [of, found]);
  const chosen = Math.min(at, Math.max(shown.length - 1, 0));
  useEffect(() => {
    list.current?.querySelector('[aria-selected=true]')?.scrollIntoView({ block: 'nearest' });
  }, [chosen, shown]);
  const choose = (command: Command | undefined, which = 0) => {
    const action = command?.actions[which];
    if (!command || !action || command.why !== undefined) return;
    used(command.id);
    onClose();
    // The palette gives the focus back first; what is done may take it.
    setTimeout(action.act);
  };
  const unfold = (command: Command | undefined) => {
    setOf(command);
    setAt(0);
  };
  const press = (event: KeyboardEvent) => {
    const count = Math.max(shown.length, 1);
    if (event.key === 'ArrowDown') setAt((chosen + 1) % count);
    else if (event.key === 'ArrowUp') setAt((chosen - 1 + count) % count);
    else if (event.key === 'Home' && event.ctrlKey) setAt(0);
    else if (event.key === 'Enter') choose(shown[chosen], event.ctrlKey || event.metaKey ? 1 : 0);
    else if (event.key === 'Tab' && !of && !event.shiftKey) {
      const command = shown[chosen];
      if (command && command.why === undefined) unfold(command);
    } else if (of && (event.key === 'Escape' || event.key === 'Tab' || (event.key === 'Backspace' && !text))) unfold(undefined);
    else if (event.key === 'Escape') onClose();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const title = of?.label ?? t('shell.palette.placeholder');
  return (
    // Esc goes back to the list first, so that it is not the dialog's.
    <div onKeyDownCapture={press}>
      <TextInput
        size="md"
        variant="unstyled"
        className="palette-field"
        px={16}
        leftSection={of ? <ChevronLeft size={16} aria-hidden /> : <Search size={16} aria-hidden />}
        leftSectionWidth={40}
        placeholder={title}
        aria-label={title}
        role="combobox"
        aria-expanded
        aria-controls={`${id}-list`}
        aria-activedescendant={shown.length ? `${id}-${chosen}` : undefined}
        data-autofocus
        value={of ? '' : text}
        onFocus={() => setText((now) => now + early())}
        onChange={(event) => {
          setText(event.currentTarget.value);
          unfold(undefined);
        }}
      />
      <ul className="palette-list" role="listbox" id={`${id}-list`} ref={list} aria-label={title}>
        {shown.map((command, index) => (
          <Line
            key={`${command.group} ${command.id} ${command.label}`}
            id={`${id}-${index}`}
            command={command}
            // While searching the best comes first, whatever its group: each line then says its own.
            head={!of && !text.trim() && command.group !== shown[index - 1]?.group}
            aside={!of && text.trim() !== ''}
            chosen={index === chosen}
            onChoose={() => choose(command)}
            onPoint={() => setAt(index)}
          />
        ))}
      </ul>
      <p className="palette-none" role="status">
        {shown.length === 0 && t('shell.palette.empty', { text })}
      </p>
      <Foot command={of ? undefined : shown[chosen]} />
    </div>
  );
}

/** What the keys do with the chosen line. */
function Foot({ command }: { command: Command | undefined }) {
  const second = command?.why === undefined ? command?.actions[1] : undefined;
  return (
    <div className="palette-foot meta">
      <span>{t('shell.palette.hint')}</span>
      {second && <span className="cut">{t('shell.palette.second', { action: second.label })}</span>}
      {command && command.why === undefined && command.actions.length > 1 && <span>{t('shell.palette.tab')}</span>}
    </div>
  );
}
