// Where each step is on the canvas, and which comes next to it. Pure: the same chain is always drawn the same,
// and adding or removing a step moves only what follows.
import type { Chain } from '../../../bindings/wire';
import { outline, SECTIONS, stepsOf, type Block, type Lane, type Place, type Section } from './outline';

/** Width and height of a step; the height of a way's name. */
export const WIDTH = 248;
export const HEIGHT = 54;
export const WAY = 30;
/** From a step to the next, from a way to the one beside it, around what is done for each item. */
export const GAP_BETWEEN = 44;
const GAP = GAP_BETWEEN;
const LANE = 44;
const FRAME = 16;
const FRAME_HEAD = 26;
/** From a step to the one below it. */
const ROW = HEIGHT + GAP;

/** A step, a way of a branch, or the name of a section. */
export interface FlowItem {
  kind: 'step' | 'way' | 'section';
  /** The step's id; `branch/way`; the section. */
  id: string;
  x: number;
  y: number;
  /** How deep it is in branches. */
  depth: number;
  /** The way that it stands for. */
  way?: { branch: string; name: string; empty: boolean };
  section: Section;
  /** What comes before and after it, and beside it on other ways. */
  up?: string;
  down?: string;
  left?: string;
  right?: string;
  /** Where a step after it comes. */
  after: Place;
}

/** A line from one to the next. */
export interface FlowEdge {
  from: string;
  to: string;
  /** Where a step on it comes. */
  place: Place;
}

/** What is done for each item of a list. */
export interface FlowFrame {
  of: string;
  x: number;
  y: number;
  width: number;
  height: number;
}

export interface Flow {
  /** In the order in which they are read. */
  items: FlowItem[];
  edges: FlowEdge[];
  frames: FlowFrame[];
  width: number;
  height: number;
}

/** An end that waits for what comes next. */
interface End {
  from: string;
  place: Place;
}

interface Drawn {
  y: number;
  width: number;
  ends: End[];
}

/** Lays a chain out. */
export function flowOf(chain: Chain): Flow {
  const flow: Flow = { items: [], edges: [], frames: [], width: WIDTH, height: 0 };
  let y = 0;
  for (const section of SECTIONS) {
    const blocks = outline(chain, section);
    if (section !== 'steps') {
      if (blocks.length === 0) continue;
      flow.items.push({ kind: 'section', id: section, x: 0, y, depth: 0, section, after: { section, at: 0 } });
      y += WAY + 14;
    }
    const drawn = new Drawing(chain, section, flow).sequence(blocks, { x: 0, y, depth: 0, ends: [], each: undefined });
    flow.width = Math.max(flow.width, drawn.width);
    y = drawn.y + 8;
  }
  flow.height = y;
  link(flow);
  return flow;
}

interface Start {
  x: number;
  y: number;
  depth: number;
  ends: End[];
  /** The list whose items this is inside of. */
  each: string | undefined;
}

class Drawing {
  constructor(
    private readonly chain: Chain,
    private readonly section: Section,
    private readonly flow: Flow,
  ) {}

  sequence(blocks: Block[], start: Start): Drawn {
    let { y, ends } = start;
    let width = WIDTH;
    let open: { of: string; y: number; width: number } | undefined;
    const close = () => {
      if (!open) return;
      this.flow.frames.push({ of: open.of, x: start.x - FRAME, y: open.y, width: open.width + 2 * FRAME, height: y - GAP + FRAME - open.y });
      y += FRAME;
      open = undefined;
    };
    blocks.forEach((block, index) => {
      const each = block.step.forEach ?? undefined;
      if (open && open.of !== each) close();
      if (!open && each !== undefined && each !== start.each) {
        open = { of: each, y, width: WIDTH };
        y += FRAME_HEAD;
      }
      const drawn = this.block(block, blocks[index + 1], { x: start.x, y, depth: start.depth, ends, each: open?.of ?? start.each });
      ({ y, ends } = drawn);
      width = Math.max(width, drawn.width);
      if (open) open.width = Math.max(open.width, drawn.width);
    });
    if (open) width += FRAME;
    close();
    return { y, width, ends };
  }

  private block(block: Block, next: Block | undefined, start: Start): Drawn {
    const { step, lanes } = block;
    const steps = stepsOf(this.chain, this.section);
    const on = step.on ? { on: step.on } : {};
    // Steps of other ways may stand between it and the next one: right before that is right behind all of them.
    const at = next ? steps.indexOf(next.step) : Math.max(...all(block).map((own) => steps.indexOf(own.step))) + 1;
    const after: Place = { section: this.section, at, ...on };
    this.flow.items.push({ kind: 'step', id: step.id, x: start.x, y: start.y, depth: start.depth, section: this.section, after });
    for (const end of start.ends) this.flow.edges.push({ from: end.from, to: step.id, place: end.place });
    const y = start.y + HEIGHT + GAP;
    if (lanes.length === 0) return { y, width: WIDTH, ends: [{ from: step.id, place: after }] };
    let x = start.x;
    let bottom = y;
    const ends: End[] = [];
    for (const lane of lanes) {
      const drawn = this.lane(step.id, lane, { ...start, x, y, depth: start.depth + 1 });
      x += drawn.width + LANE;
      bottom = Math.max(bottom, drawn.y);
      ends.push(...drawn.ends);
    }
    return { y: bottom, width: x - LANE - start.x, ends };
  }

  private lane(branch: string, lane: Lane, start: Start): Drawn {
    const id = `${branch}/${lane.way}`;
    const empty = lane.blocks.length === 0;
    this.flow.items.push({ kind: 'way', id, x: start.x, y: start.y, depth: start.depth, section: this.section, way: { branch, name: lane.way, empty }, after: lane.place });
    this.flow.edges.push({ from: branch, to: id, place: lane.place });
    const ends = [{ from: id, place: lane.place }];
    return this.sequence(lane.blocks, { ...start, y: start.y + WAY + GAP, ends });
  }
}

const all = (block: Block): Block[] => [block, ...block.lanes.flatMap((lane) => lane.blocks.flatMap(all))];

/** Says what comes next to what: along the lines up and down, by place from way to way. */
function link(flow: Flow) {
  const stops = flow.items.filter((item) => item.kind !== 'section');
  const byId = new Map(stops.map((item) => [item.id, item]));
  for (const { from, to } of flow.edges) {
    const [source, target] = [byId.get(from), byId.get(to)];
    if (!source || !target) continue;
    // Where several lines meet or part, the first way is the one that is walked.
    source.down ??= to;
    target.up ??= from;
  }
  // What is beside a step is no farther up or down than the next row.
  const rows = new Map<string, FlowItem[]>();
  const row = (item: FlowItem, by: number) => `${item.section} ${Math.floor(item.y / ROW) + by}`;
  for (const item of stops) rows.set(row(item, 0), [...(rows.get(row(item, 0)) ?? []), item]);
  stops.forEach((item, at) => {
    const near = [-1, 0, 1].flatMap((by) => rows.get(row(item, by)) ?? []);
    const [before, behind] = [stops[at - 1], stops[at + 1]];
    if (item.up === undefined && before && before.section !== item.section) item.up = before.id;
    if (item.down === undefined && behind && behind.section !== item.section) item.down = behind.id;
    const nearest = (side: -1 | 1) =>
      near
        .filter((other) => Math.sign(other.x - item.x) === side && Math.abs(other.y - item.y) < ROW)
        .sort((a, b) => Math.abs(a.x - item.x) - Math.abs(b.x - item.x) || Math.abs(a.y - item.y) - Math.abs(b.y - item.y))[0]?.id;
    const [left, right] = [nearest(-1), nearest(1)];
    if (left !== undefined) item.left = left;
    if (right !== undefined) item.right = right;
  });
}
