import './authoring.css';

import { Button } from '@mantine/core';
import { AlertTriangle, ArrowLeft, CheckCircle2, Save } from 'lucide-react';
import { lazy, Suspense, useCallback, useDeferredValue, useEffect, useMemo, useRef, useState } from 'react';
import { Link, useLocation, useParams } from 'wouter';

import type { DescriptorSource, Problem } from '../../bindings/wire';
import { send, useDo, useRead } from '../../engine';
import { DASH, visible } from '../../lib/format';
import { t } from '../../lib/words';
import { toProblem } from '../../platform';
import { useShortcuts } from '../../shell/shortcuts';
import { Page } from '../../ui/Page';
import { Read } from '../../ui/Read';
import { BusyButton } from '../../ui/BusyButton';
import type { Schema } from './completion';
import { draftOf, duplicate, keepDraft } from './draft';
import type { EditorHandle } from './handle';
import { ImportMenu } from './ImportMenu';
import { outlineOf } from './outline';
import { placeOf, sentenceOf } from './problems';
import { TryPanel } from './TryPanel';

const Editor = lazy(() => import('./Editor'));
const NONE: Problem[] = [];

/** A connector of one's own: its definition, and what it brings. */
export default function AuthoringPage() {
  const { connector, from } = useParams<{ connector?: string; from?: string }>();
  return <Loaded key={`${connector ?? ''} ${from ?? ''}`} connector={connector} from={from} />;
}

/** Shows the editor once there is something to edit. */
function Loaded({ connector, from }: { connector: string | undefined; from: string | undefined }) {
  const origin = connector ?? from;
  const source = useRead('descriptor_text', origin === undefined ? {} : { connector: origin });
  const schema = useRead('descriptor_schema', {});
  const [first, setFirst] = useState<DescriptorSource>();
  // An edit made elsewhere must not take away what is being written here.
  if (!first && source.data) setFirst(source.data);
  const ready = first && (schema.data || schema.isError);
  const edited = connector !== undefined && first?.mine ? connector : undefined;
  if (ready) {
    const text = origin === undefined || edited !== undefined ? first.text : duplicate(first.text);
    return <Author edited={edited} origin={origin} source={text} schema={schema.data?.schema as Schema | undefined} />;
  }
  return (
    <Page title={t(connector === undefined ? 'authoring.new' : 'authoring.edit')}>
      <Read read={source} rows={8}>
        {() => null}
      </Read>
    </Page>
  );
}

interface Props {
  /** The connector of one's own that is changed; none for a new one. */
  edited: string | undefined;
  /** The connector that it began as. */
  origin: string | undefined;
  source: string;
  schema: Schema | undefined;
}

function Author({ edited, origin, source, schema }: Props) {
  const [, go] = useLocation();
  const place = edited ?? `new ${origin ?? ''}`;
  const [kept] = useState(() => draftOf(place));
  const [begun] = useState(kept ?? source);
  const [text, setText] = useState(begun);
  const [saved, setSaved] = useState(source);
  const [restored, setRestored] = useState(kept !== undefined && kept !== source);
  const editor = useRef<EditorHandle>(null);
  const later = useDeferredValue(text);
  const outline = useMemo(() => outlineOf(later), [later]);
  const problems = useProblems(text);
  const unsaved = text !== saved;
  useEffect(() => keepDraft(place, unsaved ? text : undefined), [place, text, unsaved]);
  const save = useDo('descriptor_save', {
    touches: ['catalogue_list', 'descriptor_list', 'connector_show', 'descriptor_text'],
    onSuccess: ({ id }) => {
      keepDraft(place, undefined);
      setSaved(text);
      go(`/catalogue/${id}`);
    },
  });
  const refused = save.isError && save.variables.text === text ? [toProblem(save.error)] : NONE;
  const all = problems.length > 0 ? problems : refused;
  const keep = () => {
    const [worst] = problems;
    if (worst) editor.current?.reveal(worst);
    else if (!save.isPending) save.mutate(edited === undefined ? { text } : { text, connector: edited });
  };
  useShortcuts({ 'Ctrl+s': keep });
  const title = edited === undefined ? t('authoring.new') : visible(outline.name ?? edited);
  return (
    <Page
      title={title}
      aside={<State problems={all.length} unsaved={unsaved} />}
      actions={
        <>
          <Button component={Link} href={origin === undefined ? '/catalogue' : `/catalogue/${origin}`} variant="subtle" color="gray" className="au-back" leftSection={<ArrowLeft size={16} aria-hidden />}>
            {t('common.back')}
          </Button>
          <ImportMenu onText={(imported) => editor.current?.replaceAll(imported)} />
          <BusyButton variant="filled" leftSection={<Save size={16} aria-hidden />} busy={save.isPending} onClick={keep}>
            {t('common.save')}
          </BusyButton>
        </>
      }
      fixed
    >
      <div className="au-split">
        <section className="au-side au-left" aria-label={t('authoring.definition')} data-region>
          {restored && (
            <div className="au-note" role="status">
              {t('authoring.restored')}
              <Button
                size="compact-xs"
                variant="subtle"
                onClick={() => {
                  editor.current?.replaceAll(source);
                  setRestored(false);
                }}
              >
                {t('authoring.discard')}
              </Button>
            </div>
          )}
          <div className="au-editor-frame">
            <Suspense>
              <Editor ref={editor} label={t('authoring.definition')} initial={begun} schema={schema} problems={all} onChange={setText} />
            </Suspense>
          </div>
          {all.length > 0 && (
            <ul className="au-problems" aria-label={t('authoring.mistakes')} role="list" tabIndex={0}>
              {all.map((problem, index) => {
                const { line, column } = placeOf(problem);
                return (
                  <li key={`${index} ${problem.hint}`}>
                    <button type="button" onClick={() => editor.current?.reveal(problem)}>
                      <AlertTriangle size={14} aria-hidden />
                      <span className="figures meta">{line ? `${line}:${column ?? 1}` : DASH}</span>
                      <span>{visible(sentenceOf(problem))}</span>
                    </button>
                  </li>
                );
              })}
            </ul>
          )}
        </section>
        <TryPanel text={text} broken={problems.length > 0} origin={origin} outline={outline} onSet={(at, value) => editor.current?.set(at, value) ?? false} />
      </div>
    </Page>
  );
}

function State({ problems, unsaved }: { problems: number; unsaved: boolean }) {
  if (problems > 0) {
    return (
      <span className="pill bad" role="status">
        <AlertTriangle size={14} aria-hidden />
        {t('authoring.mistakesCount', { count: problems })}
      </span>
    );
  }
  return (
    <span className={unsaved ? 'pill idle' : 'pill ok'} role="status">
      {!unsaved && <CheckCircle2 size={14} aria-hidden />}
      {t(unsaved ? 'authoring.unsaved' : 'authoring.inOrder')}
    </span>
  );
}

/** What is wrong with the text, a moment after the last key. */
function useProblems(text: string): Problem[] {
  const [problems, setProblems] = useState<Problem[]>(NONE);
  const look = useCallback(async (stop: { over: boolean }, current: string) => {
    try {
      const found = await send('descriptor_validate', { file: 'definition', text: current });
      if (!stop.over) setProblems(found.problems.length > 0 ? found.problems : NONE);
    } catch (error) {
      if (!stop.over) setProblems([toProblem(error)]);
    }
  }, []);
  useEffect(() => {
    const stop = { over: false };
    const timer = setTimeout(() => void look(stop, text), 250);
    return () => {
      stop.over = true;
      clearTimeout(timer);
    };
  }, [text, look]);
  return problems;
}
