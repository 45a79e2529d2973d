import { Fragment, useMemo } from 'react';

import type { JsonValue } from '../../../bindings/wire';
import { formatCount, visible } from '../../../lib/format';
import { t } from '../../../lib/words';
import { Mask } from './Mask';
import { piecesOf, type Masks } from './private';
import { asText } from './values';

/** At most so many characters are put on the screen. */
const LONGEST = 200_000;

interface Props {
  value: JsonValue;
  label: string;
  /** Where masks stand in it. */
  masks: Masks;
  /** Shows what one of them stands for; without it they are only counted. */
  onShow?: ((path: string) => void) | undefined;
}

/** A value as JSON; long ones scroll, by keyboard too. Each mask in it can be lifted. */
export function Json({ value, label, masks, onShow }: Props) {
  const text = useMemo(() => asText(value), [value]);
  const lifts = onShow !== undefined;
  const pieces = useMemo(() => (lifts ? piecesOf(text, masks) : undefined), [text, masks, lifts]);
  const places = [...masks];
  return (
    <>
      <pre className="json" tabIndex={0} role="group" aria-label={label}>
        {shortened(pieces ?? [text]).map((piece, index) => {
          const place = index > 0 ? places[index - 1] : undefined;
          return (
            <Fragment key={index}>
              {place && onShow && <Mask name={place[1]} onShow={() => onShow(place[0])} />}
              {visible(piece).split('\r').join('')}
            </Fragment>
          );
        })}
      </pre>
      {text.length > LONGEST && <p className="meta">{t('chains.data.cut', { shown: formatCount(LONGEST), of: formatCount(text.length) })}</p>}
      {masks.size > 0 && pieces === undefined && <p className="meta">{t('chains.data.masked', { count: masks.size })}</p>}
    </>
  );
}

/** Pieces as far as there is room for them. */
function shortened(pieces: string[]): string[] {
  const shown: string[] = [];
  let room = LONGEST;
  for (const piece of pieces) {
    if (room <= 0) break;
    shown.push(piece.slice(0, room));
    room -= piece.length;
  }
  return shown;
}
