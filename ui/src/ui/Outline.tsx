import { Skeleton } from '@mantine/core';

/** What is outlined while it loads: what will stand there, where it will stand. */
export type Shape = 'lines' | 'table' | 'cards' | 'templates' | 'report' | 'health' | 'steps';

interface Props {
  shape: Shape;
  rows: number;
}

const many = (count: number) => Array.from({ length: count }, (_, index) => index);

/** The outline of what comes, in its final layout: nothing jumps when it is there. */
export function Outline({ shape, rows }: Props) {
  switch (shape) {
    case 'table':
      return <Table rows={rows} />;
    case 'cards':
      return <Grid least={264} height={152} count={rows} />;
    case 'templates':
      return <Grid least={240} height={120} count={rows} />;
    case 'steps':
      return (
        <div className="outline-steps">
          {many(rows).map((row) => (
            <Skeleton key={row} width={248} height={54} radius={8} />
          ))}
        </div>
      );
    case 'report':
      return (
        <>
          <Skeleton height={104} radius={8} />
          <Skeleton height={164} radius={8} />
          <Table rows={rows} />
        </>
      );
    case 'health':
      return (
        <>
          <div className="outline-figures">
            {many(4).map((one) => (
              <Skeleton key={one} height={84} radius={8} />
            ))}
          </div>
          <Skeleton height={236} radius={8} />
          <Table rows={rows} />
        </>
      );
    case 'lines':
      return many(rows).map((row) => <Skeleton key={row} height={44} radius={8} />);
  }
}

function Grid({ least, height, count }: { least: number; height: number; count: number }) {
  return (
    <div className="outline-grid" style={{ gridTemplateColumns: `repeat(auto-fill, minmax(${least}px, 1fr))` }}>
      {many(count).map((card) => (
        <Skeleton key={card} height={height} radius={8} />
      ))}
    </div>
  );
}

/** A head, and rows with something in each. */
function Table({ rows }: { rows: number }) {
  return (
    <div className="table-frame outline-table">
      {many(rows + 1).map((row) => (
        <div key={row} className="outline-row">
          <Skeleton height={row === 0 ? 10 : 14} width={row === 0 ? '10%' : '30%'} radius={4} />
          <Skeleton height={row === 0 ? 10 : 14} width={row === 0 ? '6%' : '14%'} radius={4} />
          <Skeleton height={row === 0 ? 10 : 14} width={row === 0 ? '6%' : '12%'} radius={4} />
        </div>
      ))}
    </div>
  );
}
