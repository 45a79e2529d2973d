import { useState } from 'react';

import type { ExplainedPage, JsonValue } from '../../../bindings/wire';
import { formatMs } from '../../../lib/format';
import { t } from '../../../lib/words';
import { pathOf, type Place, type Use } from '../paths';
import { Branch } from './Branch';
import { Headers } from './Headers';

interface Props {
  page: ExplainedPage;
  offers: (place: Place, value: JsonValue) => Use[];
  onUse: (what: Use, place: Place, value: JsonValue) => void;
}

/** The answer; each value can be made part of the definition. */
export function ResponseTab({ page, offers, onUse }: Props) {
  const [chosen, setChosen] = useState<string>();
  const bad = page.status === null || page.status >= 400;
  return (
    <div className="stack">
      <div className="row">
        <span className={`pill ${bad ? 'bad' : 'ok'} figures`}>{page.status === null ? t('authoring.noAnswer') : t('authoring.answered', { status: page.status, time: formatMs(page.tookMs) })}</span>
        {page.cut && <span className="meta">{t('authoring.cut')}</span>}
      </div>
      {page.headers.length > 0 && (
        <details className="au-fold">
          <summary>{t('authoring.headers', { count: page.headers.length })}</summary>
          <Headers headers={page.headers} />
        </details>
      )}
      <p className="meta">{t('authoring.clickValue')}</p>
      <ul className="au-tree mono" aria-label={t('authoring.tab.response')}>
        <Branch
          name={undefined}
          value={page.body}
          place={[]}
          chosen={chosen}
          onChoose={(place) => setChosen(chosen === pathOf(place) ? undefined : pathOf(place))}
          offers={offers}
          onUse={onUse}
        />
      </ul>
    </div>
  );
}
