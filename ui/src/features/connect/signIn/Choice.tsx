import { Checkbox } from '@mantine/core';
import { useState } from 'react';

import type { OAuthDetail } from '../../../bindings/wire';
import { visible } from '../../../lib/format';
import { t } from '../../../lib/words';
import { Folded } from '../fields';
import { Access } from '../Permissions';
import { isChosen, scopeRows, switched, type Use } from './scopes';

interface Props {
  oauth: OAuthDetail;
  uses: Use[];
  chosen: string[] | undefined;
  onChange: (chosen: string[] | undefined) => void;
}

/** The permissions that are asked for, and what they are for. */
export function Choice({ oauth, uses, chosen, onChange }: Props) {
  const [open, setOpen] = useState(chosen !== undefined);
  const rows = scopeRows(oauth, uses, chosen);
  const nothing = chosen?.length === 0;
  return (
    <section aria-label={t('signIn.asks')}>
      <h3 className="cw-head">{t('signIn.asks')}</h3>
      {rows.length > 0 ? (
        <ul className="cw-permissions">
          {rows.map((row) => (
            <li key={row.scope}>
              <Access write={row.access === 'write'} />
              <span>
                {visible(row.label)} {row.label !== row.scope && <span className="meta mono">{visible(row.scope)}</span>}
              </span>
            </li>
          ))}
        </ul>
      ) : (
        <p className="meta">{t('signIn.asksNothing')}</p>
      )}
      {uses.length > 1 && uses.some((use) => use.scopes.length > 0) && (
        <div className="cw-choice">
          <Folded title={t('signIn.choose')} open={open} onToggle={setOpen}>
            <fieldset className="cw-uses">
              <legend className="meta">{t('signIn.chooseHelp')}</legend>
              {uses.map((use) => (
                <Checkbox
                  key={use.id}
                  size="sm"
                  checked={isChosen(chosen, use.id)}
                  onChange={() => onChange(switched(uses, chosen, use.id))}
                  label={
                    <span className="cw-use">
                      {visible(use.title)} <Access write={use.write} />
                    </span>
                  }
                />
              ))}
            </fieldset>
            {nothing && (
              <p className="cw-doubt" role="status">
                {t('signIn.chooseOne')}
              </p>
            )}
          </Folded>
        </div>
      )}
    </section>
  );
}
