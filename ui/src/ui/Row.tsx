import { createContext, useContext, useMemo, type ReactNode } from 'react';

import { plain } from '../lib/plain';

/** What rows are looked for by; all of them are shown where it says nothing. */
export const RowSearch = createContext('');
/** Other words of the part that a row stands in. */
const PartWords = createContext('');

/** Whether every word is somewhere in the text. */
export function says(search: string, text: string): boolean {
  const found = plain(text);
  return plain(search).split(/\s+/).filter(Boolean).every((word) => found.includes(word));
}

/** One thing that can be set or done: what it is at the left, what does it at the right. */
export function Row({ title, about, id, children }: { title: string; about: string; id?: string; children?: ReactNode }) {
  const search = useContext(RowSearch);
  const part = useContext(PartWords);
  if (search && !says(search, `${title} ${about} ${part}`)) return null;
  return (
    <div className="st-row">
      <div>
        <h3 id={id}>{title}</h3>
        <p>{about}</p>
      </div>
      {children}
    </div>
  );
}

interface PartProps {
  /** The part's place is `/settings/ID`. */
  id: string;
  title: string;
  about?: string;
  /** Other words its rows are found by. */
  also?: string;
  testId?: string;
  children: ReactNode;
}

/** Rows that belong together. Out of sight while none of them is what is looked for. */
export function SettingsPart({ id, title, about, also = '', testId, children }: PartProps) {
  const words = useMemo(() => `${title} ${also}`, [title, also]);
  return (
    <section className="card st-part" id={`part-${id}`} aria-labelledby={`st-${id}`} data-testid={testId}>
      <h2 id={`st-${id}`} tabIndex={-1}>
        {title}
      </h2>
      {about && <p className="meta">{about}</p>}
      <PartWords value={words}>{children}</PartWords>
    </section>
  );
}
