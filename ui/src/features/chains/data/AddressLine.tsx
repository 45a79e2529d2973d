import './data.css';

import { Fragment, useState } from 'react';

import type { StepPrivacy } from '../../../bindings/wire';
import { visible } from '../../../lib/format';
import { t } from '../../../lib/words';
import { Mask } from './Mask';
import { addressParts, OPEN } from './private';

/** Where a request goes, with masks for the parts of its address that are private. */
export function AddressLine({ request: { method, url }, privacy }: { request: { method: string; url: string }; privacy: StepPrivacy }) {
  const [seen, setSeen] = useState(false);
  return (
    <span className="mono data-address">
      <strong>{visible(method)}</strong>{' '}
      {addressParts(url, seen ? OPEN : privacy).map(({ text, hidden }, at) => (
        <Fragment key={at}>{hidden ? <>/<Mask name={t('chains.data.address')} onShow={() => setSeen(true)} /></> : visible(text)}</Fragment>
      ))}
    </span>
  );
}
