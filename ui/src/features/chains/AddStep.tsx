import { Button, Modal, TextInput } from '@mantine/core';
import { Search, SearchX } from 'lucide-react';
import { useId, useMemo, useState } from 'react';

import type { ConnectorSummary, Logic, OperationDetail } from '../../bindings/wire';
import { useRead } from '../../engine';
import { plain } from '../../lib/plain';
import { t, type WordKey } from '../../lib/words';
import { Empty } from '../../ui/Empty';
import { Unread } from '../../ui/Read';
import { useTypedEarly } from '../../ui/useTypedEarly';
import { AddChoices, type Choice } from './AddChoices';
import { LOGIC } from './fresh';
import type { Tools } from './useTools';

interface Props {
  tools: Tools;
  /** What is searched for at the beginning. */
  about?: string | undefined;
  onChoose: (connection: string, operation: OperationDetail) => void;
  /** A step that works by itself. */
  onLogic: (type: Logic['type']) => void;
  /** A tool has to be connected first. */
  onConnect: (connector: string) => void;
  onClose: () => void;
}

/** Search over connections and actions together. Choosing a tool that is not connected opens the wizard. */
export function AddStep({ tools, about, onChoose, onLogic, onConnect, onClose }: Props) {
  const [text, setText] = useState(about ?? '');
  const [at, setAt] = useState(0);
  const id = useId();
  // A opens it, and whoever knows what comes types on at once.
  const early = useTypedEarly('.add-field input', true, onClose);
  const catalogue = useRead('catalogue_list', {});
  // The same read as that of the tools: said here where it failed.
  const connections = useRead('connection_list', { offset: 0, limit: 1_000 });
  const choices = useMemo(() => {
    const connected = tools.connections.flatMap((connection): Choice[] => {
      const connector = tools.connectors.get(connection.connector);
      return (connector?.operations ?? []).map((operation) => ({
        key: `${connection.id}/${operation.id}`,
        group: connector?.summary.sandbox ? 'chains.add.sandbox' : 'chains.add.connected',
        name: connection.name,
        icon: connector?.summary.icon,
        title: operation.title,
        note: note(operation),
        words: `${operation.verb} ${operation.entity} ${operation.title} ${connection.name}`,
        choose: () => onChoose(connection.name, operation),
      }));
    });
    const used = new Set(tools.connections.map((connection) => connection.connector));
    const others = (catalogue.data?.connectors ?? []).filter((connector) => !used.has(connector.id) && !connector.sandbox);
    const rest = others.map((connector: ConnectorSummary): Choice => ({
      key: connector.id,
      group: 'chains.add.notConnected',
      name: connector.name,
      icon: connector.icon,
      title: t('chains.add.connectFirst', { name: connector.name }),
      note: connector.description,
      words: `${connector.name} ${connector.operations.map((operation) => operation.title).join(' ')}`,
      choose: () => onConnect(connector.id),
    }));
    const logic = (Object.keys(LOGIC) as Logic['type'][]).map((type): Choice => ({
      key: type,
      group: 'chains.add.logic',
      name: t('chains.logic.itself'),
      icon: undefined,
      title: t(`chains.logic.name.${type}`),
      note: t(`chains.logic.about.${type}`),
      words: `${type} ${t(`chains.logic.name.${type}`)} ${t(`chains.logic.about.${type}`)}`,
      choose: () => onLogic(type),
    }));
    const order: WordKey[] = ['chains.add.connected', 'chains.add.sandbox', 'chains.add.logic', 'chains.add.notConnected'];
    return [...connected, ...logic, ...rest].sort((a, b) => order.indexOf(a.group) - order.indexOf(b.group)).map((choice) => ({ ...choice, words: plain(choice.words) }));
  }, [tools, catalogue.data, onChoose, onLogic, onConnect]);
  const found = useMemo(() => {
    const words = plain(text).split(/\s+/).filter(Boolean);
    return choices.filter((choice) => words.every((word) => choice.words.includes(word)));
  }, [choices, text]);
  const chosen = Math.min(at, Math.max(found.length - 1, 0));
  return (
    <Modal opened onClose={onClose} title={t('chains.add.title')} size={560} yOffset="10vh" centered={false} padding={0} classNames={{ header: 'add-head' }} closeButtonProps={{ 'aria-label': t('common.close') }}>
      <TextInput
        className="add-field"
        px={16}
        onFocus={() => setText((now) => now + early())}
        leftSection={<Search size={16} aria-hidden />}
        placeholder={t('chains.add.placeholder')}
        aria-label={t('chains.add.placeholder')}
        role="combobox"
        aria-expanded={found.length > 0}
        aria-controls={found.length > 0 ? `${id}-list` : undefined}
        aria-activedescendant={found.length ? `${id}-${chosen}` : undefined}
        data-autofocus
        value={text}
        onChange={(event) => {
          setText(event.currentTarget.value);
          setAt(0);
        }}
        onKeyDown={(event) => {
          const many = Math.max(found.length, 1);
          if (event.key === 'ArrowDown') setAt((chosen + 1) % many);
          else if (event.key === 'ArrowUp') setAt((chosen - 1 + many) % many);
          else if (event.key === 'Enter') found[chosen]?.choose();
          else return;
          event.preventDefault();
        }}
      />
      <Unread reads={[connections, catalogue]} className="add-unread" />
      {found.length === 0 && (
        <Empty icon={SearchX} text={t('common.nothingMatches', { text })}>
          <Button onClick={() => setText('')}>{t('common.clearFilters')}</Button>
        </Empty>
      )}
      <AddChoices id={id} found={found} chosen={chosen} onPoint={setAt} />
    </Modal>
  );
}


function note(operation: OperationDetail): string {
  if (!operation.effect) return t('chains.add.reads');
  return `${t('chains.add.changes')} · ${t(operation.undoable ? 'chains.add.undoable' : 'chains.add.final')}`;
}
