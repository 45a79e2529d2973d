import { Button } from '@mantine/core';
import { ChevronRight } from 'lucide-react';
import { useState } from 'react';

import type { JsonValue } from '../../../bindings/wire';
import { visible } from '../../../lib/format';
import { t } from '../../../lib/words';
import { pathOf, type Place, type Use } from '../paths';

interface Props {
  name: string | number | undefined;
  value: JsonValue;
  place: Place;
  /** The path of the value whose uses are shown. */
  chosen: string | undefined;
  onChoose: (place: Place) => void;
  offers: (place: Place, value: JsonValue) => Use[];
  onUse: (what: Use, place: Place, value: JsonValue) => void;
}

/** A value with what is within it. The first of a list is open, the others are shut. */
export function Branch(props: Props) {
  const { name, value, place } = props;
  const inner = typeof value === 'object' && value !== null;
  const [open, setOpen] = useState(place.length < 3 && (typeof name !== 'number' || name === 0));
  const path = pathOf(place);
  const active = props.chosen === path;
  const entries: [string | number, JsonValue][] = !inner ? [] : Array.isArray(value) ? value.map((one, at) => [at, one]) : Object.entries(value).map(([key, one]) => [key, one ?? null]);
  return (
    <li>
      <div className={active ? 'au-row open' : 'au-row'}>
        {entries.length > 0 ? (
          <button type="button" className="au-turn" aria-expanded={open} aria-label={t(open ? 'authoring.shut' : 'authoring.open', { path: visible(path) })} onClick={() => setOpen(!open)}>
            <ChevronRight size={14} aria-hidden className={open ? 'open' : undefined} />
          </button>
        ) : (
          <span className="au-turn" />
        )}
        <button type="button" className="au-value" aria-expanded={active} title={visible(path)} onClick={() => props.onChoose(place)}>
          {name !== undefined && <span className="au-name">{visible(String(name))}: </span>}
          <Shown value={value} />
        </button>
      </div>
      {active && <Offers {...props} path={path} />}
      {open && entries.length > 0 && (
        <ul>
          {entries.map(([key, one]) => (
            <Branch key={key} {...props} name={key} value={one} place={[...place, key]} />
          ))}
        </ul>
      )}
    </li>
  );
}

function Offers({ value, place, path, offers, onUse }: Props & { path: string }) {
  const found = offers(place, value);
  return (
    <div className="au-offers" role="group" aria-label={visible(path)}>
      <code className="cut">{visible(path)}</code>
      {found.map((what) => (
        <Button key={what} size="xs" h={26} px={10} fz={12} className="soft" onClick={() => onUse(what, place, value)}>
          {t(`authoring.use.${what}`)}
        </Button>
      ))}
      {found.length === 0 && <span className="meta">{t('authoring.noUse')}</span>}
    </div>
  );
}

function Shown({ value }: { value: JsonValue }) {
  if (value === null) return <span className="au-null">null</span>;
  if (Array.isArray(value)) return <span className="au-kind">{t('authoring.list', { count: value.length })}</span>;
  if (typeof value === 'object') return <span className="au-kind">{t('authoring.object', { count: Object.keys(value).length })}</span>;
  if (typeof value === 'string') return <span className="tok-string">“{visible(value.length > 200 ? `${value.slice(0, 200)}…` : value)}”</span>;
  return <span className="tok-number">{String(value)}</span>;
}
