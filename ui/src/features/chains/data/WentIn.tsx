import type { ItemData, JsonValue } from '../../../bindings/wire';
import { t } from '../../../lib/words';
import { AddressLine } from './AddressLine';
import { DataView } from './DataView';
import { whyHidden } from './Hidden';
import type { Privates } from './private';

interface Props {
  item: ItemData;
  /** What of it is masked. */
  privates: Privates;
  /** Nobody knows what is private of the items that the step goes through. */
  givenUnknown: boolean;
}

/** What went into a step with one item: what was sent, else the item itself. */
export function WentIn({ item: { request, given }, privates: { fields, privacy }, givenUnknown }: Props) {
  const sent = request?.body ?? undefined;
  if (request && sent === undefined) {
    return (
      <section className="data-view" aria-label={t('chains.data.in')}>
        <h3>{t('chains.data.in')}</h3>
        <AddressLine request={request} privacy={privacy} />
      </section>
    );
  }
  const ofGiven = givenUnknown ? t('chains.data.unknown') : undefined;
  return <DataView title={t('chains.data.in')} value={(sent ?? given ?? undefined) as JsonValue | undefined} privates={fields} hidden={sent === undefined ? ofGiven : whyHidden(privacy, true)} none={t('chains.data.nothingSent')} />;
}
