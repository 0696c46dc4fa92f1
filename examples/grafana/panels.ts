/** One query of a panel, and how its series are called. */
export interface Target {
  readonly expr: string;
  readonly legend: string;
}

/** What a panel shows. */
export interface PanelContent {
  readonly title: string;
  /** What to make of it, in one sentence. */
  readonly description?: string;
  readonly targets: readonly Target[];
  /** As Grafana calls it; default a plain number. */
  readonly unit?: string;
  /** A number with a small plot in place of a plot. */
  readonly stat?: boolean;
  /** Adds the series up in the plot. */
  readonly stacked?: boolean;
  /** Values from which a number is yellow, and red; or below which, where the first is higher. */
  readonly thresholds?: readonly [yellow: number, red: number];
  /** Lowest and highest of the axis. */
  readonly range?: readonly [min: number, max: number];
}

/** A heading and the panels below it. */
export interface Row {
  readonly title: string;
  readonly panels: readonly PanelContent[];
}

const DATASOURCE = { type: "prometheus", uid: "${datasource}" };
/** Grafana's grid is so wide. */
const COLUMNS = 24;

/** Lays rows out from top to bottom: numbers in one line, plots three beside each other. */
export function layOut(rows: readonly Row[]): unknown[] {
  const panels: unknown[] = [];
  let y = 0;
  const add = (panel: Record<string, unknown>) => panels.push({ id: panels.length + 1, ...panel });
  for (const { title, panels: contents } of rows) {
    add({ type: "row", title, collapsed: false, panels: [], gridPos: { x: 0, y: y++, w: COLUMNS, h: 1 } });
    const isLine = contents.every(({ stat }) => stat === true);
    const [width, height] = isLine ? [Math.floor(COLUMNS / contents.length), 4] : [8, 8];
    contents.forEach((content, i) => {
      const perLine = isLine ? contents.length : COLUMNS / width;
      const gridPos = {
        x: (i % perLine) * width,
        y: y + Math.floor(i / perLine) * height,
        w: width,
        h: height,
      };
      add({ ...panelOf(content), gridPos });
    });
    y += Math.ceil(contents.length * width / COLUMNS) * height;
  }
  return panels;
}

function panelOf(content: PanelContent): Record<string, unknown> {
  const { title, description, targets, unit = "short", stat = false, stacked = false, range } = content;
  return {
    type: stat ? "stat" : "timeseries",
    title,
    ...(description !== undefined && { description }),
    datasource: DATASOURCE,
    targets: targets.map(({ expr, legend }, i) => ({
      refId: String.fromCharCode(65 + i),
      datasource: DATASOURCE,
      expr,
      legendFormat: legend,
    })),
    fieldConfig: {
      defaults: {
        unit,
        ...(range !== undefined && { min: range[0], max: range[1] }),
        thresholds: { mode: "absolute", steps: stepsOf(content.thresholds) },
        ...(stat ? { color: { mode: "thresholds" } } : { custom: plotOf(stacked) }),
      },
      overrides: [],
    },
    options: stat
      ? { reduceOptions: { calcs: ["lastNotNull"] }, colorMode: "value", graphMode: "area" }
      : { legend: { displayMode: "list", placement: "bottom" }, tooltip: { mode: "multi", sort: "desc" } },
  };
}

function plotOf(stacked: boolean): Record<string, unknown> {
  const stacking = { mode: stacked ? "normal" : "none", group: "A" };
  return { drawStyle: "line", lineWidth: 1, fillOpacity: stacked ? 25 : 8, showPoints: "never", stacking };
}

function stepsOf(thresholds: PanelContent["thresholds"]): unknown[] {
  if (thresholds === undefined) return [{ color: "green", value: null }];
  const [yellow, red] = thresholds;
  const [low, high] = yellow < red ? ["green", "red"] : ["red", "green"];
  return [
    { color: low, value: null },
    { color: "yellow", value: Math.min(yellow, red) },
    { color: high, value: Math.max(yellow, red) },
  ];
}
