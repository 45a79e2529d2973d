import { autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap } from '@codemirror/autocomplete';
import { defaultKeymap, history, historyKeymap } from '@codemirror/commands';
import { json, jsonLanguage } from '@codemirror/lang-json';
import { bracketMatching, foldGutter, foldKeymap, indentOnInput, syntaxHighlighting, syntaxTree } from '@codemirror/language';
import { setDiagnostics, type Diagnostic } from '@codemirror/lint';
import { EditorState } from '@codemirror/state';
import { drawSelection, EditorView, highlightActiveLine, highlightActiveLineGutter, keymap, lineNumbers } from '@codemirror/view';
import { classHighlighter } from '@lezer/highlight';
import { getNonce } from 'get-nonce';
import { useEffect, useImperativeHandle, useRef, type Ref } from 'react';

import type { Problem } from '../../bindings/wire';
import { visible } from '../../lib/format';
import { fromSchema, type Schema } from './completion';
import { setAt } from './edit';
import type { EditorHandle } from './handle';
import { placeOf, sentenceOf } from './problems';

interface Props {
  ref: Ref<EditorHandle>;
  label: string;
  initial: string;
  schema: Schema | undefined;
  problems: Problem[];
  onChange: (text: string) => void;
}

const look = EditorView.theme({
  '&': { height: '100%', fontSize: '12.5px', backgroundColor: 'transparent', color: 'var(--text)' },
  '&.cm-focused': { outline: 'none' },
  '.cm-scroller': { fontFamily: 'var(--mono)', lineHeight: '19px' },
  '.cm-content': { caretColor: 'var(--text)', paddingBlock: '10px' },
  '.cm-cursor': { borderLeftColor: 'var(--text)' },
  '.cm-gutters': { backgroundColor: 'transparent', color: 'var(--text-2)', border: 'none', paddingLeft: '6px' },
  '.cm-activeLine': { backgroundColor: 'color-mix(in srgb, var(--surface-2) 60%, transparent)' },
  '.cm-activeLineGutter': { backgroundColor: 'transparent', color: 'var(--text)' },
  '&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground': { backgroundColor: 'var(--accent-soft)' },
  '.cm-matchingBracket, &.cm-focused .cm-matchingBracket': { backgroundColor: 'var(--accent-soft)', outline: '1px solid var(--accent-text)' },
  '.cm-foldPlaceholder': { backgroundColor: 'var(--surface-2)', border: '1px solid var(--line)', color: 'var(--text-2)' },
  '.cm-lintRange-error': { backgroundImage: 'none', textDecoration: 'underline wavy var(--bad)', textUnderlineOffset: '3px' },
  '.cm-tooltip': { backgroundColor: 'var(--surface)', color: 'var(--text)', border: '1px solid var(--line)', borderRadius: '8px', boxShadow: 'var(--lift)', overflow: 'hidden' },
  '.cm-diagnostic': { padding: '6px 10px', maxWidth: '420px', fontFamily: 'inherit' },
  '.cm-diagnostic-error': { borderLeft: '3px solid var(--bad)' },
  '.cm-tooltip-autocomplete > ul': { fontFamily: 'var(--mono)', maxHeight: '260px' },
  '.cm-tooltip-autocomplete > ul > li': { padding: '3px 10px', lineHeight: '20px' },
  '.cm-tooltip-autocomplete > ul > li[aria-selected]': { backgroundColor: 'var(--accent)', color: '#fff' },
  '.cm-completionIcon': { display: 'none' },
  '.cm-completionMatchedText': { textDecoration: 'none', fontWeight: '700' },
  '.cm-completionInfo': { padding: '8px 10px', maxWidth: '320px', fontSize: '12px', lineHeight: '16px' },
});

/** A JSON editor with the format's names at hand and mistakes at their place. */
export default function Editor({ ref, label, initial, schema, problems, onChange }: Props) {
  const holder = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView>(null);
  const latest = useRef(onChange);
  useEffect(() => {
    latest.current = onChange;
  }, [onChange]);
  useEffect(() => {
    if (!holder.current) return;
    const nonce = getNonce();
    const made = new EditorView({
      parent: holder.current,
      state: EditorState.create({
        doc: initial,
        extensions: [
          ...(nonce ? [EditorView.cspNonce.of(nonce)] : []),
          lineNumbers(),
          foldGutter(),
          history(),
          drawSelection(),
          indentOnInput(),
          bracketMatching(),
          closeBrackets(),
          highlightActiveLine(),
          highlightActiveLineGutter(),
          json(),
          syntaxHighlighting(classHighlighter),
          ...(schema ? [jsonLanguage.data.of({ autocomplete: fromSchema(schema) })] : []),
          autocompletion({ icons: false }),
          EditorView.lineWrapping,
          EditorState.tabSize.of(2),
          EditorView.contentAttributes.of({ 'aria-label': label, tabindex: '0' }),
          // Tab leaves the editor: nobody is caught in it.
          keymap.of([...closeBracketsKeymap, ...completionKeymap, ...foldKeymap, ...historyKeymap, ...defaultKeymap]),
          look,
          EditorView.updateListener.of((update) => {
            if (update.docChanged) latest.current(update.state.doc.toString());
          }),
        ],
      }),
    });
    view.current = made;
    return () => {
      made.destroy();
      view.current = null;
    };
    // What it begins with; it keeps its own text from then on.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [schema]);
  useEffect(() => {
    const made = view.current;
    if (made) made.dispatch(setDiagnostics(made.state, problems.map((problem) => diagnostic(made, problem))));
  }, [problems, schema]);
  useImperativeHandle(ref, () => ({
    replaceAll: (text) => view.current?.dispatch({ changes: { from: 0, to: view.current.state.doc.length, insert: text } }),
    set: (place, value) => {
      const made = view.current;
      const change = made && setAt(made.state.doc.toString(), place, value);
      if (!change) return false;
      made.dispatch({
        changes: change,
        selection: { anchor: change.from, head: change.from + change.insert.length },
        effects: EditorView.scrollIntoView(change.from, { y: 'center' }),
        userEvent: 'input',
      });
      return true;
    },
    reveal: (problem) => {
      const made = view.current;
      if (!made) return;
      const { from } = diagnostic(made, problem);
      made.dispatch({ selection: { anchor: from }, effects: EditorView.scrollIntoView(from, { y: 'center' }) });
      made.focus();
    },
  }));
  return <div className="au-editor" ref={holder} />;
}

function diagnostic(view: EditorView, problem: Problem): Diagnostic {
  const { line, column } = placeOf(problem);
  const { doc } = view.state;
  const at = doc.line(Math.min(Math.max(line ?? 1, 1), doc.lines));
  const from = Math.min(at.from + Math.max((column ?? 1) - 1, 0), at.to);
  const node = syntaxTree(view.state).resolveInner(from, 1);
  const to = node.to > from && node.to <= at.to ? node.to : at.to;
  return { from, to: Math.max(from, to), severity: 'error', message: visible(sentenceOf(problem)) };
}
