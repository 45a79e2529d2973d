import { Checkbox } from '@mantine/core';
import { ShieldQuestion } from 'lucide-react';
import { useState } from 'react';

import { useDo, useRead } from '../../engine';
import { visible } from '../../lib/format';
import { t } from '../../lib/words';
import { toProblem } from '../../platform';
import { ProblemBlock } from '../../ui/ProblemBlock';
import { BusyButton } from '../../ui/BusyButton';

/** What a connection's key may do that nobody has approved: after an import, or where its definition has changed. */
export function Approve({ name }: { name: string }) {
  const [allowPrivate, setAllowPrivate] = useState(false);
  const read = useRead('approval_show', { name });
  const approve = useDo('connection_approve', { touches: ['connection_show', 'connection_list', 'approval_show'] });
  const { wanted = [], approved = [], changes = [] } = read.data ?? {};
  const added = wanted.filter((origin) => !approved.includes(origin));
  if (added.length === 0 && changes.length === 0) return null;
  const body = changes.length > 0 ? 'connections.approve.changed' : 'connections.approve.body';
  return (
    <section className="problem warn cn-approve" aria-labelledby="cn-approve" data-testid="approve">
      <ShieldQuestion size={18} aria-hidden className="problem-icon" />
      <div className="problem-text">
        <h3 id="cn-approve">{t('connections.approve.title')}</h3>
        <p>{t(body)}</p>
        <ul className="mono">
          {wanted.map((origin) => (
            <li key={origin}>
              {visible(origin)}
              {changes.length > 0 && added.includes(origin) && <> ({t('connections.approve.new')})</>}
            </li>
          ))}
        </ul>
        {changes.length > 0 && (
          <dl className="cn-changes" data-testid="sign-in-changes">
            {changes.map((change) => (
              <div key={change.what}>
                <dt className="mono">{visible(change.what)}</dt>
                <dd>
                  <del>{visible(change.before) || t('connections.approve.nothing')}</del>
                  <ins>{visible(change.now) || t('connections.approve.nothing')}</ins>
                </dd>
              </div>
            ))}
          </dl>
        )}
        <Checkbox size="sm" label={t('connections.approve.private')} checked={allowPrivate} onChange={(event) => setAllowPrivate(event.currentTarget.checked)} />
        {approve.isError && <ProblemBlock problem={toProblem(approve.error)} />}
        <div className="row">
          <BusyButton size="xs" variant="filled" busy={approve.isPending} onClick={() => approve.mutate({ name, origins: wanted, changes, allowPrivate: allowPrivate || null })}>
            {t('connections.approve.go')}
          </BusyButton>
        </div>
      </div>
    </section>
  );
}
