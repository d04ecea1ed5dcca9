import { initWasm, Resvg } from '@resvg/resvg-wasm';

/** RGBA8 rows, opaque. */
export interface Raster {
  readonly width: number;
  readonly height: number;
  readonly rgba: Uint8Array;
}

let starting: Promise<void> | null = null;

/** resvg may be started once per isolate; later calls wait for the first. */
export async function startResvg(wasm: WebAssembly.Module): Promise<void> {
  starting ??= initWasm(wasm);
  await starting;
}

/**
 * Draws an SVG without text elements on white. The WebAssembly memory of tree and image is given
 * back in any case.
 */
export function rasterizeSvg(svg: string): Raster {
  const tree = new Resvg(svg, { background: '#ffffff', font: { loadSystemFonts: false } });
  try {
    const image = tree.render();
    try {
      return { width: image.width, height: image.height, rgba: image.pixels };
    } finally {
      image.free();
    }
  } finally {
    tree.free();
  }
}
