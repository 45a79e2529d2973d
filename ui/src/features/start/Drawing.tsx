import { t } from '../../lib/words';

/** Two tools and the cable between them. */
export function Drawing() {
  return (
    <svg className="start-drawing" viewBox="0 0 600 176" aria-hidden focusable="false">
      <path className="start-cable-shade" d="M206 88 C 250 168, 350 168, 394 88" />
      <path className="start-cable" d="M206 88 C 250 160, 350 160, 394 88" />
      <Tracker />
      <Chat />
      <g transform="translate(300 142)">
        <circle r="17" className="start-badge" />
        <path d="M-6 0 H5 M1 -5 L6 0 L1 5" className="start-badge-mark" />
      </g>
    </svg>
  );
}

function Tracker() {
  const rows = [
    { tone: 'bad', width: 96 },
    { tone: 'warn', width: 118 },
    { tone: 'ok', width: 78 },
  ];
  return (
    <g transform="translate(8 18)">
      <rect className="start-card" width="198" height="140" rx="12" />
      <rect className="start-soft" x="16" y="16" width="28" height="28" rx="8" />
      <path className="start-glyph" d="M23 26 l2.4 2.4 4-4.4 M23 35 h13 M33 27 h3" />
      <text className="start-name" x="54" y="35">
        {t('start.drawing.tracker')}
      </text>
      {rows.map(({ tone, width }, index) => (
        <g key={tone} transform={`translate(16 ${66 + index * 24})`}>
          <circle className={`start-dot ${tone}`} cx="5" cy="0" r="4.5" />
          <rect className="start-line" x="20" y="-4" width={width} height="8" rx="4" />
        </g>
      ))}
      <circle className="start-jack" cx="198" cy="70" r="8" />
      <circle className="start-jack-hole" cx="198" cy="70" r="3" />
    </g>
  );
}

function Chat() {
  return (
    <g transform="translate(394 18)">
      <rect className="start-card" width="198" height="140" rx="12" />
      <rect className="start-soft" x="20" y="16" width="28" height="28" rx="8" />
      <path className="start-glyph" d="M28 24 h12 a2 2 0 0 1 2 2 v6 a2 2 0 0 1 -2 2 h-8 l-4 4 v-12 a2 2 0 0 1 0 -2" />
      <text className="start-name" x="58" y="35">
        {t('start.drawing.chat')}
      </text>
      <rect className="start-soft" x="20" y="58" width="112" height="26" rx="10" />
      <rect className="start-line" x="32" y="67" width="78" height="8" rx="4" />
      <rect className="start-said" x="56" y="94" width="122" height="26" rx="10" />
      <rect className="start-said-line" x="68" y="103" width="84" height="8" rx="4" />
      <circle className="start-jack" cx="0" cy="70" r="8" />
      <circle className="start-jack-hole" cx="0" cy="70" r="3" />
    </g>
  );
}
