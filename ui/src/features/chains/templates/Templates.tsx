import { Button, Modal, TextInput } from '@mantine/core';
import type { UseQueryResult } from '@tanstack/react-query';
import { Search, SearchX } from 'lucide-react';
import { useState } from 'react';

import type { Template } from '../../../bindings/wire';
import { useRead } from '../../../engine';
import { visible } from '../../../lib/format';
import { t } from '../../../lib/words';
import { BrandMark } from '../../../ui/BrandMark';
import { Empty } from '../../../ui/Empty';
import { Read, Unread } from '../../../ui/Read';

/** So many are offered above the chains; the others are in the gallery. */
const FEW = 3;

interface Props {
  onChoose: (template: Template) => void;
}

/** A few chains to begin with, above the list. Who shows it reads them: the list does not come before them. */
export function TemplateRow({ read, onChoose, onAll }: Props & { read: UseQueryResult<{ templates: Template[] }>; onAll: () => void }) {
  const all = read.data?.templates ?? [];
  if (all.length === 0) return <Unread reads={[read]} />;
  // First what needs nothing more than is connected.
  const ready = (template: Template) => Number(template.preview.placeholders.every((place) => place.candidates.length > 0));
  const few = [...all].sort((a, b) => ready(b) - ready(a)).slice(0, FEW);
  return (
    <section className="templates" aria-labelledby="templates">
      <div className="spread">
        <h2 id="templates">{t('chains.templates.title')}</h2>
        <Button size="compact-sm" variant="subtle" onClick={onAll}>
          {t('chains.templates.all')}
        </Button>
      </div>
      <div className="template-grid">
        {few.map((template) => (
          <TemplateCard key={template.id} template={template} onChoose={onChoose} />
        ))}
      </div>
    </section>
  );
}

/** Every chain to begin with. */
export function TemplateGallery({ onChoose, onClose }: Props & { onClose: () => void }) {
  const read = useRead('template_list', {});
  const [text, setText] = useState('');
  return (
    <Modal opened onClose={onClose} size={860} title={t('chains.templates.title')} closeButtonProps={{ 'aria-label': t('common.close') }}>
      <div className="stack">
        <TextInput
          leftSection={<Search size={16} aria-hidden />}
          placeholder={t('chains.templates.search')}
          aria-label={t('chains.templates.search')}
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
          data-autofocus
          pt={4}
        />
        <Read read={read} rows={4} shape="templates">
          {({ templates }) => {
            const found = templates.filter((template) => matches(template, text));
            if (found.length === 0) {
              return (
                <Empty icon={SearchX} text={t('common.nothingMatches', { text })}>
                  <Button onClick={() => setText('')}>{t('common.clearFilters')}</Button>
                </Empty>
              );
            }
            return (
              <div className="template-grid">
                {found.map((template) => (
                  <TemplateCard key={template.id} template={template} onChoose={onChoose} />
                ))}
              </div>
            );
          }}
        </Read>
      </div>
    </Modal>
  );
}

function TemplateCard({ template, onChoose }: Props & { template: Template }) {
  const catalogue = useRead('catalogue_list', {});
  const { preview } = template;
  const tools = preview.placeholders.map((place) => visible(place.tool ?? place.connector));
  return (
    <button type="button" className="template-card" onClick={() => onChoose(template)}>
      <span className="strip" role="img" aria-label={t('chains.templates.uses', { tools: tools.join(', ') })}>
        {preview.placeholders.map((place, at) => (
          <BrandMark key={place.name} icon={catalogue.data?.connectors.find((connector) => connector.id === place.connector)?.icon} name={tools[at] ?? place.name} size={26} />
        ))}
      </span>
      <span className="template-name">{visible(preview.name)}</span>
      <span className="meta">{visible(preview.description)}</span>
    </button>
  );
}

function matches(template: Template, text: string): boolean {
  const { name, description, placeholders } = template.preview;
  const all = `${name} ${description} ${placeholders.map((place) => place.tool ?? place.connector).join(' ')}`.toLowerCase();
  return text.toLowerCase().split(/\s+/).every((word) => all.includes(word));
}
