import { Button, Select } from '@mantine/core';
import { Plug } from 'lucide-react';

import type { PlaceholderView } from '../../../bindings/wire';
import { useRead } from '../../../engine';
import { visible } from '../../../lib/format';
import { t } from '../../../lib/words';
import { BrandMark } from '../../../ui/BrandMark';

interface Props {
  place: PlaceholderView;
  value: string | undefined;
  onChoose: (connection: string) => void;
  onConnect: () => void;
}

/** A placeholder: its tool, which connection stands for it, and where its requests go. */
export function PlaceRow({ place, value, onChoose, onConnect }: Props) {
  const catalogue = useRead('catalogue_list', {});
  const icon = catalogue.data?.connectors.find((connector) => connector.id === place.connector)?.icon;
  if (place.tool === null) return <p className="problem-line bad">{t('chains.take.unknown', { connector: visible(place.connector) })}</p>;
  const tool = visible(place.tool);
  const origins = place.candidates.find((candidate) => candidate.name === value)?.origins ?? place.origins;
  return (
    <div className="place-row">
      <BrandMark icon={icon} name={tool} size={30} />
      <div className="stack tight">
        {place.candidates.length > 0 ? (
          <Select
            label={tool}
            placeholder={t('chains.take.choose')}
            value={value ?? null}
            data={place.candidates.map((candidate) => ({ value: candidate.name, label: candidate.account ? `${candidate.name} (${candidate.account})` : candidate.name }))}
            onChange={(name) => name && onChoose(name)}
            allowDeselect={false}
          />
        ) : (
          <div className="spread">
            <span className="place-tool">{tool}</span>
            <Button size="xs" leftSection={<Plug size={14} aria-hidden />} onClick={onConnect}>
              {t('chains.take.connect', { tool })}
            </Button>
          </div>
        )}
        <p className="meta">
          {t('chains.take.reaches')} {origins.length > 0 ? <span className="mono">{origins.map(visible).join(', ')}</span> : t('chains.take.ownAddress')}
        </p>
      </div>
    </div>
  );
}
