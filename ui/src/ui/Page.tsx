import { useEffect, useLayoutEffect, useRef, type CSSProperties, type ReactNode } from 'react';
import { useLocation } from 'wouter';

import { t } from '../lib/words';
import { ErrorBoundary } from './ErrorBoundary';
import { PanelEdge, usePanelWidth } from './PanelEdge';
import { Stale } from './Stale';

interface Props {
  /** The page's one heading, and the window's title. */
  title: string;
  /** Beside the title: a state, a count, how old the data is. */
  aside?: ReactNode;
  /** At the right, at most one filled. */
  actions?: ReactNode;
  /** The right panel, where something is open in it. */
  panel?: ReactNode;
  /** What is open in it, where the address does not say it. */
  panelOf?: string | undefined;
  /** The content scrolls unless it does so itself. */
  fixed?: boolean;
  /** Where it is kept how far the content was scrolled, so that coming back finds it so. */
  view?: ScrollView;
  children: ReactNode;
}

/** Keeps how far something was scrolled, in pixels. */
interface ScrollView {
  getState(): { top: number };
  setState(part: { top: number }): void;
}

/** Header, content and right panel of a page. Coming to a page moves the focus to its heading. */
export function Page({ title, aside, actions, panel, panelOf = '', fixed, view, children }: Props) {
  const [location] = useLocation();
  const width = usePanelWidth((state) => state.width);
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    // A page that comes late takes the focus out of no dialog.
    if (!document.querySelector('[role=dialog],[role=alertdialog]')) heading.current?.focus({ preventScroll: true });
  }, []);
  const content = useRef<HTMLDivElement>(null);
  const wanted = useRef(view?.getState().top ?? 0);
  useLayoutEffect(() => {
    // It is there once the content has come.
    const frame = content.current;
    if (!frame || wanted.current === 0 || frame.scrollHeight - frame.clientHeight < wanted.current) return;
    frame.scrollTop = wanted.current;
    wanted.current = 0;
  });
  const scrolled = () => {
    wanted.current = 0;
    view?.setState({ top: content.current?.scrollTop ?? 0 });
  };
  useEffect(() => {
    document.title = `${title} – Patchbay`;
  }, [title]);
  return (
    <div className="page">
      <header className="page-head">
        <h1 ref={heading} tabIndex={-1} className="cut" title={title} style={{ '--title': `${title.length * 0.9}ch` } as CSSProperties}>
          {title}
        </h1>
        {aside && <div className="page-aside">{aside}</div>}
        <Stale />
        <div className="page-actions">{actions}</div>
      </header>
      <div className="page-body">
        {/* Scrolled by keyboard too, so it can be focused. */}
        <div ref={content} className={fixed ? 'page-fixed' : 'page-scroll'} tabIndex={fixed ? undefined : -1} onScroll={view && scrolled}>
          <ErrorBoundary of={location}>{children}</ErrorBoundary>
        </div>
        {panel && (
          <aside className="panel" aria-label={t('shell.panel')} style={{ width }}>
            <ErrorBoundary of={`${location} ${panelOf}`}>{panel}</ErrorBoundary>
            {/* After the content, which is what F6 goes to. */}
            <PanelEdge />
          </aside>
        )}
      </div>
    </div>
  );
}
