import { Button, Modal, Radio, Stack } from '@mantine/core';
import { useState } from 'react';

import type { ChainPreview, JsonValue, NameTaken, PlaceholderView } from '../../../bindings/wire';
import { send, useDo, useRead } from '../../../engine';
import { visible } from '../../../lib/format';
import { t } from '../../../lib/words';
import { toProblem } from '../../../platform';
import { ProblemBlock } from '../../../ui/ProblemBlock';
import { Read } from '../../../ui/Read';
import { ConnectWizard } from '../../connect/ConnectWizard';
import { PlaceRow } from './PlaceRow';

/** A document that somebody wants to take in. */
export interface Wanted {
  document: JsonValue;
  file: string | null;
  /** It comes with the program. */
  template: boolean;
}

interface Props {
  wanted: Wanted;
  onDone: (chain: string) => void;
  onClose: () => void;
}

/** Shows what a chain does and where it sends, and asks for the connection of each placeholder. */
export function TakeDialog({ wanted, onDone, onClose }: Props) {
  const preview = useRead('chain_preview', { chain: wanted.document, file: wanted.file });
  const [connecting, setConnecting] = useState<string>();
  if (connecting !== undefined) {
    return (
      <ConnectWizard
        connectorId={connecting}
        onUse={() => undefined}
        onClose={() => {
          setConnecting(undefined);
          void preview.refetch();
        }}
      />
    );
  }
  const name = visible(preview.data?.name ?? wanted.file ?? '');
  return (
    <Modal opened onClose={onClose} size={600} title={t(wanted.template ? 'chains.take.template' : 'chains.take.title', { name })} closeButtonProps={{ 'aria-label': t('common.close') }}>
      <Read read={preview} rows={4}>
        {(shown) => <Content shown={shown} wanted={wanted} onConnect={setConnecting} onDone={onDone} onClose={onClose} />}
      </Read>
    </Modal>
  );
}

function Content({ shown, wanted, onConnect, onDone, onClose }: Props & { shown: ChainPreview; onConnect: (connector: string) => void }) {
  const [taken, setTaken] = useState<NameTaken>('keep_both');
  const [own, setOwn] = useState<Record<string, string>>({});
  // Where only one connection fits it is that one.
  const chosen = (place: PlaceholderView) => own[place.name] ?? (place.candidates.length === 1 ? place.candidates[0]?.name : undefined);
  const take = useDo('chain_import', { touches: ['chain_list', 'chain_export', 'chain_fields'], onSuccess: (saved) => onDone(saved.id) });
  const open = shown.placeholders.filter((place) => chosen(place) === undefined);
  const connections = Object.fromEntries(shown.placeholders.flatMap((place) => (chosen(place) === undefined ? [] : [[place.name, chosen(place) ?? '']])));
  return (
    <div className="stack">
      {shown.description && <p>{visible(shown.description)}</p>}
      <section className="stack" aria-labelledby="take-does">
        <h3 id="take-does">{t('chains.take.does')}</h3>
        {shown.effects.length > 0 ? (
          <ul className="effects">
            {shown.effects.map((effect, index) => (
              <li key={index}>{visible(effect)}</li>
            ))}
          </ul>
        ) : (
          <p className="meta">{t(shown.planned ? 'chains.take.noEffects' : 'chains.take.notYet')}</p>
        )}
        <p className="meta">{shown.starts === BY_HAND ? t('chains.take.byHand') : t('chains.take.starts', { starts: visible(shown.starts) })}</p>
        {shown.chains.length > 0 && (
          <p className="meta">
            {t('chains.take.chains')} {shown.chains.map((chain) => `“${visible(chain)}”`).join(', ')}
          </p>
        )}
      </section>
      {shown.placeholders.length > 0 && (
        <section className="stack" aria-labelledby="take-needs">
          <h3 id="take-needs">{t('chains.take.needs')}</h3>
          {shown.placeholders.map((place) => (
            <PlaceRow key={place.name} place={place} value={chosen(place)} onChoose={(name) => setOwn({ ...own, [place.name]: name })} onConnect={() => onConnect(place.connector)} />
          ))}
        </section>
      )}
      {shown.taken && !wanted.template && (
        <Radio.Group label={t('chains.take.taken', { name: visible(shown.name) })} value={taken} onChange={(next) => setTaken(next as NameTaken)}>
          <Stack gap={6} mt={6}>
            <Radio value="keep_both" label={t('chains.take.keepBoth')} />
            <Radio value="replace" label={t('chains.take.replace')} description={t('chains.take.replaceAbout')} />
          </Stack>
        </Radio.Group>
      )}
      {shown.problems.map((problem, index) => (
        <ProblemBlock key={index} problem={problem} alert={false} />
      ))}
      {take.isError && <ProblemBlock problem={toProblem(take.error)} />}
      <p className="meta">
        {t('chains.take.about')}
      </p>
      <div className="row end">
        <Button variant="subtle" onClick={onClose}>
          {t('common.cancel')}
        </Button>
        <Button variant="filled" loading={take.isPending} disabled={open.length > 0} onClick={() => take.mutate({ chain: wanted.document, file: wanted.file, connections, taken: wanted.template ? null : taken })} data-autofocus={open.length === 0 || undefined}>
          {t(wanted.template ? 'chains.take.begin' : 'chains.take.take')}
        </Button>
      </div>
    </div>
  );
}

/** The engine's words for a chain that nothing starts by itself. */
const BY_HAND = 'by hand';

/** What the engine says of a document before it is kept. */
export const look = (document: JsonValue, file: string) => send('chain_preview', { chain: document, file });
