import { ActionIcon, Button, TextInput } from '@mantine/core';
import { LayoutTemplate, Plus, Search, Workflow } from 'lucide-react';
import { useState } from 'react';
import { useLocation } from 'wouter';

import type { JsonValue, Template } from '../../bindings/wire';
import { useDo, useRead } from '../../engine';
import { t } from '../../lib/words';
import { toProblem } from '../../platform';
import { Empty } from '../../ui/Empty';
import { Page } from '../../ui/Page';
import { ProblemBlock } from '../../ui/ProblemBlock';
import { Loading, Read } from '../../ui/Read';
import { ChainsTable } from './ChainsTable';
import './chains.css';
import { Import } from './share/Import';
import { TakeDialog, type Wanted } from './share/TakeDialog';
import { TemplateGallery, TemplateRow } from './templates/Templates';
import { useChainsView } from './view';

/** With so many chains nobody needs one to begin with. */
const FEW = 3;

/** Every chain, and chains to begin with. */
export default function ChainsPage() {
  const [, go] = useLocation();
  const text = useChainsView((state) => state.text);
  const setText = (next: string) => useChainsView.setState({ text: next, top: 0 });
  const [refused, setRefused] = useState<unknown>();
  const [wanted, setWanted] = useState<Wanted>();
  const [gallery, setGallery] = useState(false);
  const chains = useRead('chain_list', {});
  // Asked for at the same time: what comes later would push the chains down under somebody's pointer.
  const templates = useRead('template_list', {});
  const choose = (template: Template) => {
    setGallery(false);
    setWanted({ document: template.document as unknown as JsonValue, file: null, template: true });
  };
  const sandbox = useDo('sandbox_start', { touches: ['chain_list', 'connection_list', 'health'], onSuccess: ({ chain }) => go(`/chains/${chain}/try`) });
  const count = chains.data?.chains.length ?? 0;
  return (
    <Page
      title={t('chains.title')}
      view={useChainsView}
      aside={count > 0 && <span className="figures">{count}</span>}
      actions={
        <>
          {count > 0 && (
            <TextInput
              className="page-search"
              data-page-search
              leftSection={<Search size={16} aria-hidden />}
              placeholder={t('chains.search')}
              aria-label={t('chains.search')}
              value={text}
              onChange={(event) => setText(event.currentTarget.value)}
            />
          )}
          <Import onTake={setWanted} onProblem={setRefused} />
          <Button className="wide-only" leftSection={<LayoutTemplate size={16} />} onClick={() => setGallery(true)}>
            {t('chains.templates.title')}
          </Button>
          <ActionIcon className="narrow-only" size={36} aria-label={t('chains.templates.title')} title={t('chains.templates.title')} onClick={() => setGallery(true)}>
            <LayoutTemplate size={16} />
          </ActionIcon>
          <Button variant="filled" leftSection={<Plus size={16} />} onClick={() => go('/chains/new')}>
            {t('chains.new')}
          </Button>
        </>
      }
    >
      {refused !== undefined && <ProblemBlock problem={toProblem(refused)} onFix={() => setRefused(undefined)} />}
      {sandbox.isError && <ProblemBlock problem={toProblem(sandbox.error)} onFix={() => sandbox.mutate({})} />}
      <Read read={chains} rows={6} shape="table">
        {(data) =>
          data.chains.length < FEW && templates.isPending && templates.errorUpdateCount === 0 ? (
            <Loading rows={6} shape="table" onRetry={() => void templates.refetch()} />
          ) : data.chains.length === 0 ? (
            <>
            <TemplateRow read={templates} onChoose={choose} onAll={() => setGallery(true)} />
            <Empty icon={Workflow} text={t('chains.empty')}>
              <Button variant="filled" loading={sandbox.isPending} onClick={() => sandbox.mutate({})}>
                {t('chains.trySandbox')}
              </Button>
              <Button onClick={() => go('/catalogue')}>{t('chains.browse')}</Button>
            </Empty>
            </>
          ) : (
            <>
              {data.chains.length < FEW && <TemplateRow read={templates} onChoose={choose} onAll={() => setGallery(true)} />}
              <ChainsTable chains={data.chains} text={text} onClear={() => setText('')} />
            </>
          )
        }
      </Read>
      {gallery && <TemplateGallery onChoose={choose} onClose={() => setGallery(false)} />}
      {wanted && <TakeDialog wanted={wanted} onDone={(id) => go(`/chains/${id}`)} onClose={() => setWanted(undefined)} />}
    </Page>
  );
}
