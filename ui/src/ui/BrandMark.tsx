import { Bell, FolderOpen, Globe, type LucideIcon } from 'lucide-react';
import marks from 'virtual:brand-marks';

/** What this computer offers is no brand. */
const OURS: Record<string, LucideIcon> = { bell: Bell, folder: FolderOpen, globe: Globe };

/** A tool's mark in one colour; two letters where it has none. */
export function BrandMark({ icon, name, size = 32 }: { icon?: string | null | undefined; name: string; size?: number }) {
  const path = icon ? marks[icon] : undefined;
  const Ours = icon ? OURS[icon] : undefined;
  return (
    <span className="brand" style={{ width: size, height: size, fontSize: Math.round(size * 0.38) }} aria-hidden>
      {Ours ? (
        <Ours size={Math.round(size * 0.56)} />
      ) : path ? (
        <svg viewBox="0 0 24 24" width={Math.round(size * 0.56)} height={Math.round(size * 0.56)}>
          <path d={path} fill="currentColor" />
        </svg>
      ) : (
        monogram(name)
      )}
    </span>
  );
}

/** "Sandbox Tracker" → "ST", "Slack" → "Sl". */
function monogram(name: string): string {
  const words = name.split(/\s+/).filter(Boolean);
  const letters = words.length > 1 ? words.slice(0, 2).map((word) => [...word][0]) : [...(words[0] ?? '?')].slice(0, 2);
  return letters.join('');
}
