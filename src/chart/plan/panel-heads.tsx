/** @jsxRuntime automatic */
/** @jsxImportSource satori/jsx */
import { BOLD, FONT_FAMILY, REGULAR } from '../font/inter.ts';
import type { Box } from '../scale/box.ts';
import type { FontSizes } from './chart-layout.ts';
import { COLOR } from './color.ts';
import type { LegendItem, Swatch } from './legend.ts';

/** The row above one panel. */
export interface PanelHead {
  readonly box: Box;
  readonly title: string;
  readonly legend: readonly LegendItem[];
}

export interface PanelHeadsProps {
  readonly width: number;
  readonly height: number;
  readonly sizes: FontSizes;
  readonly heads: readonly PanelHead[];
}

/** Each panel's title and legend on the line above it. */
export function PanelHeads({ width, height, sizes, heads }: PanelHeadsProps) {
  return (
    <div style={{ display: 'flex', position: 'relative', width, height, fontFamily: FONT_FAMILY }}>
      {heads.map((head) => (
        <HeadRow head={head} sizes={sizes} />
      ))}
    </div>
  );
}

function HeadRow({ head, sizes }: { head: PanelHead; sizes: FontSizes }) {
  const { x, y, width, height } = head.box;
  const row = { display: 'flex', alignItems: 'center' };
  const space = Math.round(sizes.label * 1.1);
  return (
    <div
      style={{
        ...row,
        position: 'absolute',
        left: x,
        top: y,
        width,
        height,
        paddingTop: Math.round(height / 5),
      }}
    >
      <div
        style={{
          ...row,
          flexShrink: 0,
          whiteSpace: 'nowrap',
          fontSize: sizes.panel,
          fontWeight: BOLD,
          color: COLOR.text,
        }}
      >
        {head.title}
      </div>
      {head.legend.map((item) => (
        <div style={{ ...row, flexShrink: 0, marginLeft: space }}>
          {item.swatch === null ? null : <LegendSwatch swatch={item.swatch} size={sizes.label} />}
          <div
            style={{
              ...row,
              flexShrink: 0,
              whiteSpace: 'nowrap',
              fontSize: sizes.label,
              fontWeight: REGULAR,
              color: item.swatch === null ? COLOR.statistic : COLOR.muted,
            }}
          >
            {item.label}
          </div>
        </div>
      ))}
    </div>
  );
}

function LegendSwatch({ swatch, size }: { swatch: Swatch; size: number }) {
  const marginRight = Math.round(size * 0.35);
  const bar = Math.round(size * 0.45);
  if (swatch.kind === 'bars') {
    return (
      <div style={{ display: 'flex', marginRight, height: Math.round(size * 0.75) }}>
        {swatch.colors.map((color) => (
          <div style={{ display: 'flex', width: bar, marginRight: 1, backgroundColor: color }} />
        ))}
      </div>
    );
  }
  const width = Math.round(size * 1.5);
  if (swatch.kind === 'band') {
    const border = `2px solid ${swatch.stroke}`;
    const height = Math.round(size * 0.7);
    const style = { display: 'flex', width, height, marginRight, backgroundColor: swatch.fill };
    return <div style={{ ...style, borderTop: border, borderBottom: border }} />;
  }
  if (swatch.kind === 'line') {
    return (
      <div
        style={{ display: 'flex', width, height: 3, marginRight, backgroundColor: swatch.color }}
      />
    );
  }
  const dash = {
    display: 'flex',
    width: Math.round(width * 0.4),
    height: 2,
    backgroundColor: swatch.color,
  };
  return (
    <div style={{ display: 'flex', justifyContent: 'space-between', width, marginRight }}>
      <div style={dash} />
      <div style={dash} />
    </div>
  );
}
