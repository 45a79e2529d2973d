import { Button, Modal, PasswordInput } from '@mantine/core';
import { useEffect, useRef, useState, type FormEvent } from 'react';

import type { ImportResponse } from '../../bindings/wire';
import { useDo } from '../../engine';
import { formatMoment, visible } from '../../lib/format';
import { t } from '../../lib/words';
import { toProblem } from '../../platform';
import { ProblemBlock } from '../../ui/ProblemBlock';
import { BusyButton } from '../../ui/BusyButton';
import { useReturnedFocus } from '../connect/useReturnedFocus';

/** What a file brings, before anything of it is taken. */
export function ImportDialog({ text, onClose, onDone }: { text: string; onClose: () => void; onDone: () => void }) {
  useReturnedFocus();
  const sealed = isSealed(text);
  const [passphrase, setPassphrase] = useState('');
  const look = useDo('import_take');
  const take = useDo('import_take', { touches: ['connection_list', 'chain_list', 'catalogue_list', 'secrets_status'], onSuccess: onDone });
  const given = sealed ? { text, passphrase } : { text };
  const { mutate } = look;
  useEffect(() => {
    if (!sealed) mutate({ text, apply: false });
  }, [sealed, text, mutate]);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (look.data) {
      if (!take.isPending) take.mutate({ ...given, apply: true });
    } else if (!look.isPending && passphrase) look.mutate({ ...given, apply: false });
  };
  const problem = look.isError ? toProblem(look.error) : take.isError ? toProblem(take.error) : undefined;
  const wrong = problem?.code === 'PASSPHRASE_WRONG';
  const brings = look.data && [...look.data.connections, ...look.data.chains].some((one) => one.taken === 'added');
  return (
    <Modal opened onClose={onClose} size={640} title={t('settings.importTitle')} closeButtonProps={{ 'aria-label': t('common.close') }}>
      <form className="stack" noValidate onSubmit={submit}>
        {sealed && !look.data && (
          <PasswordInput
            data-autofocus
            label={t('settings.passphrase')}
            description={t('settings.importSealed')}
            autoComplete="off"
            value={passphrase}
            error={wrong ? t('shell.lock.wrong') : undefined}
            onChange={(event) => {
              setPassphrase(event.currentTarget.value);
              if (look.isError) look.reset();
            }}
          />
        )}
        {problem && !wrong && <ProblemBlock problem={problem} />}
        {look.data && <Lines answer={look.data} />}
        {look.data && !brings && <p>{t('settings.importNothing')}</p>}
        {look.data && brings && !look.data.sealed && <p className="meta">{t('settings.importWarn')}</p>}
        <div className="cn-foot">
          <Button onClick={onClose}>{t('common.cancel')}</Button>
          {look.data ? (
            <BusyButton type="submit" variant="filled" busy={take.isPending} disabled={!brings}>
              {t('settings.importGo')}
            </BusyButton>
          ) : (
            sealed && (
              <BusyButton type="submit" variant="filled" busy={look.isPending}>
                {t('settings.importOpen')}
              </BusyButton>
            )
          )}
        </div>
      </form>
    </Modal>
  );
}

function Lines({ answer }: { answer: ImportResponse }) {
  const region = useRef<HTMLDivElement>(null);
  // It comes after the dialog has opened.
  useEffect(() => region.current?.focus(), []);
  const lines = [
    ...answer.connections.map((one) => ({
      ...one,
      kind: t('settings.connection'),
      more: [one.needsKey && t('settings.needsKey'), one.toApprove.length > 0 && t('settings.toApprove', { origins: visible(one.toApprove.join(', ')) })],
    })),
    ...answer.chains.map((one) => ({ ...one, kind: t('settings.chain'), more: [] })),
  ];
  return (
    <>
      <p className="meta">{t('settings.importFrom', { workspace: visible(answer.workspace), when: formatMoment(answer.madeAt) })}</p>
      {/* Scrolled by keyboard too, so it can be focused. */}
      <div ref={region} className="table-frame st-files" tabIndex={0} role="region" aria-label={t('settings.importTitle')}>
        <table className="table" data-testid="import-lines">
          <thead>
            <tr>
              <th>{t('settings.kind')}</th>
              <th>{t('settings.name')}</th>
              <th>{t('settings.whatHappens')}</th>
            </tr>
          </thead>
          <tbody>
            {lines.map((line) => (
              <tr key={`${line.kind} ${line.name}`}>
                <td>{line.kind}</td>
                <td>{visible(line.name)}</td>
                <td>
                  {t(`settings.taken.${line.taken}`)}
                  {line.more.filter(Boolean).map((text) => (
                    <div key={String(text)} className="cn-old">
                      {text}
                    </div>
                  ))}
                  {line.problem && <div className="cn-failed">{`${visible(line.problem.title)}. ${visible(line.problem.hint)}`}</div>}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}

function isSealed(text: string): boolean {
  try {
    return (JSON.parse(text) as { format?: string }).format === 'patchbay-sealed';
  } catch {
    return false;
  }
}
