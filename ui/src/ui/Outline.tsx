import { Skeleton } from '@mantine/core';

/** What is outlined while it loads: what will stand there, where it will stand. */
export type Shape = 'lines' | 'table' | 'cards' | 'templates' | 'report' | 'health' | 'steps' | 'signals' | 'settings' | 'part' | 'detail' | 'form' | 'facts';

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
            <Block key={row} width={248} height={54} icon />
          ))}
        </div>
      );
    case 'report':
      return (
        <>
          <Block height={104} />
          <Block height={164} />
          <Table rows={rows} />
        </>
      );
    case 'health':
      return (
        <>
          <div className="outline-figures">
            {many(4).map((one) => (
              <Block key={one} height={84} />
            ))}
          </div>
          <Block height={236} />
          <Table rows={rows} />
        </>
      );
    case 'signals':
      return many(rows).map((row) => <Signal key={row} />);
    case 'settings':
      return many(rows).map((row) => <SettingRow key={row} />);
    case 'part':
      return (
        <div className="card">
          <Skeleton className="outline-head" height={16} width={160} radius={4} />
          {many(rows).map((row) => (
            <SettingRow key={row} />
          ))}
        </div>
      );
    case 'detail':
      return <Detail />;
    case 'form':
      return many(rows).map((row) => (
        <div key={row} className="outline-field">
          <Skeleton height={12} width={96} radius={4} />
          <Skeleton height={34} radius={8} />
        </div>
      ));
    case 'facts':
      return <Facts rows={rows} />;
    case 'lines':
      return many(rows).map((row) => <Skeleton key={row} height={44} radius={8} />);
  }
}

function Grid({ least, height, count }: { least: number; height: number; count: number }) {
  return (
    <div className="outline-grid" style={{ gridTemplateColumns: `repeat(auto-fill, minmax(${least}px, 1fr))` }}>
      {many(count).map((card) => (
        <Block key={card} height={height} icon />
      ))}
    </div>
  );
}

/** A card, with the beginning of what stands in it. */
function Block({ height, width, icon = false }: { height: number; width?: number; icon?: boolean }) {
  return (
    <div className="outline-block" style={{ height, width }}>
      {icon && <Skeleton height={28} width={28} radius={6} />}
      <div>
        <Skeleton height={12} width="44%" radius={4} />
        <Skeleton height={10} width="68%" radius={4} />
      </div>
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

/** A signal in the inbox: its tool, two lines, and when. */
function Signal() {
  return (
    <div className="outline-signal">
      <Skeleton height={28} width={28} radius={6} />
      <div>
        <Skeleton height={14} width="44%" radius={4} />
        <Skeleton height={10} width="26%" radius={4} />
      </div>
      <Skeleton height={12} width={88} radius={4} />
    </div>
  );
}

/** A setting: what it is at the left, what does it at the right. */
function SettingRow() {
  return (
    <div className="outline-setting">
      <div>
        <Skeleton height={14} width="32%" radius={4} />
        <Skeleton height={10} width="64%" radius={4} />
      </div>
      <Skeleton height={20} width={38} radius={10} />
    </div>
  );
}

/** The page of one thing: what it is called, its tabs, figures, and what is known of it. */
function Detail() {
  return (
    <>
      <div className="outline-title">
        <Skeleton height={28} width={28} radius={6} />
        <Skeleton height={16} width={180} radius={4} />
      </div>
      <div className="outline-tabs">
        {many(4).map((tab) => (
          <Skeleton key={tab} height={12} width={64} radius={4} />
        ))}
      </div>
      <div className="outline-figures">
        {many(4).map((one) => (
          <Block key={one} height={84} />
        ))}
      </div>
      <div className="outline-halves">
        <Block height={200} />
        <Block height={160} />
      </div>
    </>
  );
}

/** What a panel holds: what can be done, what is known, and the rest below it. */
function Facts({ rows }: { rows: number }) {
  return (
    <>
      <div className="outline-title">
        <Skeleton height={30} width={104} radius={8} />
        <Skeleton height={30} width={88} radius={8} />
      </div>
      <div className="outline-facts">
        {many(rows * 2).map((cell) => (
          <Skeleton key={cell} height={12} width={cell % 2 === 0 ? 72 : '60%'} radius={4} />
        ))}
      </div>
      <Block height={160} />
    </>
  );
}
