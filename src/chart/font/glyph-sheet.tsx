/** @jsxRuntime automatic */
/** @jsxImportSource satori/jsx */
import { FONT_FAMILY } from './inter.ts';

export interface GlyphSheetProps {
  readonly characters: readonly string[];
  readonly weight: number;
  /** Pixels; room for every character. */
  readonly width: number;
  /** Font size in pixels. */
  readonly size: number;
}

/**
 * A row of single characters, each in a box of its own, so that satori tells how far each one
 * advances.
 */
export function GlyphSheet({ characters, weight, width, size }: GlyphSheetProps) {
  return (
    <div
      style={{
        display: 'flex',
        alignItems: 'flex-start',
        width,
        height: size * 2,
        fontFamily: FONT_FAMILY,
        fontSize: size,
        fontWeight: weight,
        lineHeight: 1,
      }}
    >
      {characters.map((character) => (
        <div style={{ display: 'flex', flexShrink: 0, whiteSpace: 'pre' }}>{character}</div>
      ))}
    </div>
  );
}
