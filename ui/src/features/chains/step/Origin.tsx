import type { SampleOrigin, SourceGroup } from '../../../bindings/wire';
import { visible } from '../../../lib/format';
import { t, type WordKey } from '../../../lib/words';

/** Where samples come from. */
const ORIGINS: Record<SampleOrigin, WordKey> = {
  last_run: 'chains.map.fromRun',
  signals: 'chains.map.fromSignals',
  chosen: 'chains.map.fromChosen',
  chosen_run: 'chains.map.fromChosenRun',
  pinned: 'chains.map.fromPin',
};

interface Props {
  /** Where the samples come from that were seen; none where nothing was. */
  origin: SampleOrigin | null;
  /** What the step can draw on. */
  sources: SourceGroup[];
}

/** Names where samples come from. What nobody has seen yet is called an example. */
export function Origin({ origin, sources }: Props) {
  const examples = sources.filter((group) => group.example);
  // Which ones, where there is something real beside them.
  const names = origin !== null || examples.length < sources.length ? examples.map((group) => visible(group.label)).join(', ') : '';
  if (examples.length === 0) return <>{t(origin === null ? 'chains.map.noSamples' : ORIGINS[origin])}</>;
  return (
    <>
      {origin !== null && `${t(ORIGINS[origin])} · `}
      <span className="meta warn">{names ? t('chains.map.exampleOf', { names }) : t('chains.map.example')}</span>
    </>
  );
}
