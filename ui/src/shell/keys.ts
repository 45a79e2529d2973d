// The whole keyboard map: what each page's keys are called. What they do is said where they are used.
import type { WordKey } from '../lib/words';

/** A key with its meaning. */
export interface Key {
  /** As `useShortcuts` knows it; absent where a list or canvas handles it while it has the focus. */
  combination?: string;
  /** As a person reads it. */
  written: string;
  word: WordKey;
}

const key = (written: string, word: WordKey, combination?: string): Key => ({ written, word, ...(combination ? { combination } : {}) });

/** What holds everywhere. */
export const EVERYWHERE: Key[] = [
  key('Ctrl K', 'shell.keysList.palette'),
  key('Ctrl 1 … 7', 'shell.keysList.pages'),
  key('/ , Ctrl F', 'shell.keysList.find'),
  key('Ctrl N', 'shell.keysList.new'),
  key('Ctrl ,', 'shell.keysList.settings'),
  key('Ctrl B', 'shell.keysList.sidebar'),
  key('Alt ← →', 'shell.keysList.backForward'),
  key('F6, Shift F6', 'shell.keysList.regions'),
  key('Ctrl Enter', 'shell.keysList.submit'),
  key('Ctrl + − 0', 'shell.keysList.zoom'),
  key('Esc', 'shell.keysList.escape'),
  key('?, F1', 'shell.keysList.help'),
];

interface PageKeys {
  place: RegExp;
  /** What the page is called. */
  title: WordKey;
  keys: Key[];
}

/** The more exact place comes first. */
const PAGES: PageKeys[] = [
  {
    place: /^\/catalogue\/(new|[^/]+\/edit)/,
    title: 'authoring.new',
    keys: [key('Ctrl S', 'shell.keysList.save', 'Ctrl+s'), key('Ctrl Enter', 'shell.keysList.tryIt', 'Ctrl+Enter'), key('Ctrl Space', 'shell.keysList.suggest')],
  },
  { place: /^\/catalogue/, title: 'catalogue.title', keys: [key('← → ↑ ↓', 'shell.keysList.cards'), key('Enter', 'shell.keysList.openCard'), key('Ctrl N', 'shell.keysList.newConnector', 'Ctrl+n')] },
  { place: /^\/connections\/./, title: 'shell.keysList.connection', keys: [key('Ctrl Enter', 'shell.keysList.test', 'Ctrl+Enter'), key('← →', 'shell.keysList.tabs'), key('Esc', 'shell.keysList.backToList')] },
  { place: /^\/connections/, title: 'shell.connections', keys: [key('Tab, Enter', 'shell.keysList.openRow')] },
  {
    place: /^\/chains\/./,
    title: 'shell.keysList.chain',
    keys: [
      key('Ctrl Enter', 'shell.keysList.run', 'Ctrl+Enter'),
      key('Ctrl Shift Enter', 'shell.keysList.check', 'Ctrl+Shift+Enter'),
      key('Ctrl .', 'shell.keysList.stop', 'Ctrl+.'),
      key('Ctrl Z', 'shell.keysList.undo', 'Ctrl+z'),
      key('Ctrl Shift Z', 'shell.keysList.redo', 'Ctrl+Shift+z'),
      key('↑ ↓, Home, End', 'shell.keysList.canvas'),
      key('← →', 'shell.keysList.canvasWays'),
      key('+ − 0 1', 'shell.keysList.canvasZoom'),
      key('Enter', 'shell.keysList.canvasOpen'),
      key('A', 'shell.keysList.canvasAdd'),
      key('D', 'shell.keysList.canvasDuplicate'),
      key('F2', 'shell.keysList.canvasRename'),
      key('Delete', 'shell.keysList.canvasDelete'),
      key('Shift ↑ ↓', 'shell.keysList.canvasMove'),
      key('F', 'shell.keysList.canvasFix'),
    ],
  },
  { place: /^\/runs\/./, title: 'shell.keysList.oneRun', keys: [key('Ctrl .', 'shell.keysList.stop', 'Ctrl+.')] },
  { place: /^\/runs/, title: 'shell.runs', keys: [key('↑ ↓, Home, End', 'shell.keysList.rows'), key('Enter', 'shell.keysList.openRow')] },
  { place: /^\/inbox/, title: 'shell.inbox', keys: [key('J, ↓', 'shell.keysList.nextSignal'), key('K, ↑', 'shell.keysList.previousSignal'), key('E', 'shell.keysList.archive'), key('U', 'shell.keysList.unread')] },
  { place: /^\/health/, title: 'shell.health', keys: [key('Tab, Enter', 'shell.keysList.openRow')] },
];

/** The keys of the page at an address, such as `/chains/ID/step/ID`. */
export const keysOf = (address: string): PageKeys | undefined => PAGES.find(({ place }) => place.test(address));
