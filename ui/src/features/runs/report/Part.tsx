import { useId, type ReactNode } from 'react';

/** A part of the report with its heading. */
export function Part({ title, about, aside, flush = false, children }: { title: string; about?: string; aside?: ReactNode; flush?: boolean; children: ReactNode }) {
  const id = useId();
  return (
    <section className={flush ? 'run-part flush' : 'run-part'} aria-labelledby={id}>
      <div className="run-part-head">
        <div>
          <h2 id={id}>{title}</h2>
          {about && <p className="meta">{about}</p>}
        </div>
        {aside}
      </div>
      {children}
    </section>
  );
}
