import { ChevronDown, ChevronRight } from 'lucide-react';
import { useState, type ReactNode } from 'react';

/** What is looked at seldom. */
export function Folded({ title, children }: { title: string; children: ReactNode }) {
  const [open, setOpen] = useState(false);
  const Icon = open ? ChevronDown : ChevronRight;
  return (
    <div className="folded">
      <button type="button" className="link-button row" aria-expanded={open} onClick={() => setOpen(!open)}>
        <Icon size={16} aria-hidden />
        {title}
      </button>
      {open && children}
    </div>
  );
}
