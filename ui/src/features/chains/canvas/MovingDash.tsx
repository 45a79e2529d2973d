/** One straight part of a line: where it begins, how long it is, and where it goes, in degrees from straight down. */
interface Straight {
  x: number;
  y: number;
  length: number;
  turn: number;
}

interface Props {
  from: [number, number];
  to: [number, number];
  /** How far down it goes across. */
  across: number;
}

/**
 * Dashes that move along a line. They are boxes that are shifted, which the compositor does by itself: dashes
 * of the drawn line would be drawn anew in each frame for as long as the chain runs.
 */
export function MovingDash({ from, to, across }: Props) {
  return straights(from, to, across).map(({ x, y, length, turn }) => (
    <div key={`${turn} ${y}`} className="edge-flow" aria-hidden style={{ height: length, transform: `translate(${x - 1}px, ${y}px) rotate(${turn}deg)` }}>
      <div />
    </div>
  ));
}

function straights([x, y]: [number, number], [toX, toY]: [number, number], across: number): Straight[] {
  if (Math.abs(toX - x) < 1) return [{ x, y, length: toY - y, turn: 0 }];
  return [
    { x, y, length: across - y, turn: 0 },
    { x, y: across, length: Math.abs(toX - x), turn: toX > x ? -90 : 90 },
    { x: toX, y: across, length: toY - across, turn: 0 },
  ];
}
