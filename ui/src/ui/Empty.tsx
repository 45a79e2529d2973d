import type { LucideIcon } from 'lucide-react';
import type { ReactNode } from 'react';

/** A list with nothing in it: what appears here, and what to do. */
export function Empty({ icon: Icon, text, children }: { icon: LucideIcon; text: string; children?: ReactNode }) {
  return (
    <div className="empty">
      <Icon size={20} aria-hidden />
      <p>{text}</p>
      {children && <div className="row">{children}</div>}
    </div>
  );
}
