import { Button, PasswordInput } from '@mantine/core';
import { Loader } from 'lucide-react';
import { useState } from 'react';

import type { WebhookView } from '../../bindings/wire';
import { useDo } from '../../engine';
import { formatAgo, visible } from '../../lib/format';
import { t } from '../../lib/words';
import { toProblem } from '../../platform';
import { ProblemBlock } from '../../ui/ProblemBlock';
import { BusyButton } from '../../ui/BusyButton';
import { CopyField } from '../connect/signIn/CopyField';
import { TOUCHES } from './touches';

/** What deliveries prove themselves by: made here, entered, or brought by the tool. */
export function Secret({ view, name }: { view: WebhookView; name: string }) {
  const [typed, setTyped] = useState('');
  const [made, setMade] = useState<string>();
  const set = useDo('webhook_secret', {
    touches: [...TOUCHES],
    onSuccess: (answer) => {
      setTyped('');
      setMade(answer.made ?? undefined);
    },
  });
  const end = useDo('webhook_end_previous', { touches: [...TOUCHES] });
  const wait = useDo('webhook_wait', { touches: [...TOUCHES] });
  const captured = useDo('webhook_captured', { touches: [], onSuccess: (answer) => setMade(answer.secret) });
  const { source, setAt, previousUntil, waitingUntil, canShow, label, helpText } = view.secret;
  const keep = setAt === null ? null : 24;
  return (
    <div className="wh-secret">
      <h4>{visible(label)}</h4>
      <p className="meta" data-testid="webhook-secret">
        {setAt === null ? t('webhook.noSecret') : t('webhook.secretSet', { ago: formatAgo(setAt) })}
      </p>
      {made !== undefined && (
        <div className="wh-made" role="status">
          <CopyField label={t(source === 'captured' ? 'webhook.cameOnce' : 'webhook.madeOnce')} text={made} button={t('webhook.copy')} />
          <Button size="xs" onClick={() => setMade(undefined)}>
            {t('webhook.madeKept')}
          </Button>
        </div>
      )}
      {source === 'generated' && (
        <BusyButton busy={set.isPending} onClick={() => set.mutate({ name, keepPreviousHours: keep })}>
          {t(setAt === null ? 'webhook.make' : 'webhook.makeAnother')}
        </BusyButton>
      )}
      {source === 'answered' && setAt === null && <p className="meta">{t('webhook.answered', { tool: visible(view.tool) })}</p>}
      {(source === 'entered' || source === 'answered') && (
        <form
          className="row"
          onSubmit={(event) => {
            event.preventDefault();
            if (typed.trim()) set.mutate({ name, secret: typed, keepPreviousHours: keep });
          }}
        >
          <PasswordInput
            className="grow"
            label={t('webhook.enter', { label: visible(label) })}
            description={helpText === null ? undefined : visible(helpText)}
            autoComplete="off"
            value={typed}
            onChange={(event) => setTyped(event.currentTarget.value)}
          />
          <BusyButton type="submit" busy={set.isPending} disabled={!typed.trim()}>
            {t('common.save')}
          </BusyButton>
        </form>
      )}
      {source === 'captured' &&
        (waitingUntil === null ? (
          <BusyButton busy={wait.isPending} onClick={() => wait.mutate({ name })}>
            {t('webhook.wait')}
          </BusyButton>
        ) : (
          <p role="status">
            <Loader size={14} aria-hidden className="turning" /> {t('webhook.waiting', { tool: visible(view.tool) })}
          </p>
        ))}
      {canShow && made === undefined && (
        <BusyButton busy={captured.isPending} onClick={() => captured.mutate({ name })}>
          {t('webhook.showCaptured')}
        </BusyButton>
      )}
      {previousUntil !== null && (
        <div className="row">
          <span className="meta">{t('webhook.previous', { until: new Date(previousUntil).toLocaleString() })}</span>
          <BusyButton size="xs" busy={end.isPending} onClick={() => end.mutate({ name })}>
            {t('webhook.endPrevious')}
          </BusyButton>
        </div>
      )}
      {[set, end, wait, captured].map((one, index) => one.isError && <ProblemBlock key={index} problem={toProblem(one.error)} />)}
    </div>
  );
}
