import type { ReactNode } from 'react';

/** One thing that can be set or done: what it is at the left, what does it at the right. */
export function Row({ title, about, id, children }: { title: string; about: string; id?: string; children: ReactNode }) {
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
