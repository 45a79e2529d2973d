import { Button, Checkbox, Modal, TextInput } from '@mantine/core';
import { useState, type FormEvent, type KeyboardEvent } from 'react';

import type { ConnectionView, ConnectorSummary } from '../../bindings/wire';
import { useDo, useRead } from '../../engine';
import { formatCount, visible } from '../../lib/format';
import { t } from '../../lib/words';
import { toProblem } from '../../platform';
import { ProblemBlock } from '../../ui/ProblemBlock';
import { Read } from '../../ui/Read';
import { toast } from '../../ui/toasts/toast';
import { useDirtyClose } from '../../ui/useDirtyClose';
import { BusyButton } from '../../ui/BusyButton';
import { ConnectWizard } from '../connect/ConnectWizard';
import { useReturnedFocus } from '../connect/useReturnedFocus';
import type { Asked } from './useTools';
import { forget } from './work';

interface Props {
  asked: Asked | undefined;
  tool: ConnectorSummary | undefined;
  onClose: () => void;
  onRenamed?: (name: string) => void;
  onGone?: () => void;
}

/** The dialog that was asked for. */
export function Dialogs({ asked, tool, onClose, onRenamed, onGone }: Props) {
  if (!asked) return null;
  const { what, connection } = asked;
  if (what === 'replaceKey') return <ConnectWizard connectorId={connection.connector} connection={connection.name} onClose={onClose} />;
  if (what === 'rename') return <Rename connection={connection} onClose={onClose} onRenamed={onRenamed} />;
  return <Disconnect connection={connection} tool={tool} onClose={onClose} onGone={onGone} />;
}

const TOUCHED = ['connection_list', 'connection_show', 'chain_list', 'health'] as const;

/** Ctrl Enter submits from anywhere in a form. */
const submitsBy = (submit: () => void) => (event: KeyboardEvent) => {
  if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey)) return;
  event.preventDefault();
  submit();
};

function Rename({ connection, onClose, onRenamed }: { connection: ConnectionView; onClose: () => void; onRenamed: Props['onRenamed'] }) {
  useReturnedFocus();
  const [name, setName] = useState(connection.name);
  const [empty, setEmpty] = useState(false);
  const { close, asking, onKeyDown, question } = useDirtyClose(name === connection.name ? undefined : 'common.discard', onClose);
  const rename = useDo('connection_rename', {
    touches: [...TOUCHED],
    onSuccess: (renamed) => {
      forget(connection.name);
      onClose();
      onRenamed?.(renamed.name);
    },
  });
  const submit = () => {
    setEmpty(!name.trim());
    if (name.trim() === connection.name) onClose();
    else if (name.trim() && !rename.isPending) rename.mutate({ name: connection.name, newName: name.trim() });
  };
  const problem = rename.isError ? toProblem(rename.error) : undefined;
  const atField = problem?.subject?.kind === 'field';
  const error = empty ? t('connections.nameNeeded') : atField ? (problem.code === 'CONFLICT' ? t('connections.nameTaken') : visible(problem.hint)) : undefined;
  return (
    <>
      <Modal opened onClose={close} closeOnEscape={!asking} onKeyDown={onKeyDown} size={440} title={<Title text={t('connections.renameTitle', { name: visible(connection.name) })} />} closeButtonProps={{ 'aria-label': t('common.close') }}>
        <form
          className="stack cn-dialog"
          noValidate
          onKeyDown={submitsBy(submit)}
          onSubmit={(event: FormEvent) => {
            event.preventDefault();
            submit();
          }}
        >
          <TextInput
            data-autofocus
            label={t('connections.name')}
            description={t('connections.nameHelp')}
            maxLength={80}
            autoComplete="off"
            spellCheck={false}
            value={name}
            error={error}
            onFocus={(event) => event.currentTarget.select()}
            onChange={(event) => {
              setName(event.currentTarget.value);
              setEmpty(false);
              rename.reset();
            }}
          />
          {problem && !atField && <ProblemBlock problem={problem} />}
          <div className="cn-foot">
            <Button onClick={onClose}>{t('common.cancel')}</Button>
            <BusyButton type="submit" variant="filled" busy={rename.isPending}>
              {t('common.rename')}
            </BusyButton>
          </div>
        </form>
      </Modal>
      {question}
    </>
  );
}

function Disconnect({ connection, tool, onClose, onGone }: { connection: ConnectionView; tool: ConnectorSummary | undefined; onClose: () => void; onGone: Props['onGone'] }) {
  useReturnedFocus();
  const [withSignals, setWithSignals] = useState(false);
  const chains = useRead('chain_list', {});
  const disconnect = useDo('connection_disconnect', {
    touches: [...TOUCHED, 'signal_list', 'catalogue_list'],
    onSuccess: () => {
      forget(connection.name);
      toast({ words: t('connections.disconnected', { name: visible(connection.name) }) });
      onClose();
      onGone?.();
    },
  });
  const act = () => {
    if (!disconnect.isPending) disconnect.mutate({ name: connection.name, withSignals });
  };
  const problem = disconnect.isError ? toProblem(disconnect.error) : undefined;
  return (
    <Modal
      opened
      onClose={onClose}
      size={480}
      role="alertdialog"
      title={<Title text={t('connections.disconnectTitle', { name: visible(connection.name) })} />}
      closeButtonProps={{ 'aria-label': t('common.close') }}
      onKeyDown={submitsBy(act)}
    >
      <div className="stack cn-dialog">
        <p>
          {t('connections.disconnectBody', { tool: visible(tool?.name ?? connection.connector) })} {connection.signals > 0 && t('connections.disconnectKept')}
        </p>
        <Read read={chains} rows={2}>
          {(data) => {
            const using = data.chains.filter((chain) => chain.connections.includes(connection.name));
            if (using.length === 0) return <p className="meta">{t('connections.disconnectNoChains')}</p>;
            return (
              <div className="cn-warned">
                <p>{t('connections.disconnectChains', { count: using.length })}</p>
                <ul>
                  {using.map((chain) => (
                    <li key={chain.id}>{visible(chain.name)}</li>
                  ))}
                </ul>
              </div>
            );
          }}
        </Read>
        {connection.signals > 0 && (
          <Checkbox
            size="sm"
            label={t('connections.alsoDelete', { count: connection.signals }).replace(String(connection.signals), formatCount(connection.signals))}
            checked={withSignals}
            onChange={(event) => setWithSignals(event.currentTarget.checked)}
          />
        )}
        {problem && <ProblemBlock problem={problem} />}
        <div className="cn-foot">
          <Button data-autofocus onClick={onClose}>
            {t('common.cancel')}
          </Button>
          <BusyButton variant="filled" color="red.9" busy={disconnect.isPending} onClick={act}>
            {t('connections.menu.disconnect')}
          </BusyButton>
        </div>
      </div>
    </Modal>
  );
}

function Title({ text }: { text: string }) {
  return (
    <span className="cn-title" title={text}>
      {text}
    </span>
  );
}
