package io.hadal.kernels.vector.packed;

import io.hadal.kernels.BlockInput;
import io.hadal.kernels.PackedMatrix;
import io.hadal.kernels.packed.PackedLayout;
import io.hadal.kernels.vector.Width;

/**
 * Packed weights times many tokens. Two groups of rows are turned into f32 integers a panel of
 * columns at a time, which all tokens then run over from the first cache level.
 */
final class PanelProduct {
  /** Rows of a panel: two groups. */
  static final int ROWS = 2 * PackedLayout.GROUP;

  /** Bytes of a column of a panel. */
  static final int COLUMN = 4 * ROWS;

  /** Blocks of a panel: a unit of every layout. */
  static final int BLOCKS = 8;

  /** Tokens whose sums wait at a time. */
  private static final int TOKENS = 256;

  private static final int TILE = BlockInput.PANEL;
  private static final int L = Width.LENGTH;

  private static final ThreadLocal<PanelProduct> OWN = ThreadLocal.withInitial(PanelProduct::new);

  private final PanelCodes codes = new PanelCodes();
  private final Scratch panel = new Scratch(32 * BLOCKS * ROWS);
  private final float[] scales = new float[BLOCKS * ROWS];
  private final float[] mins = new float[(1 + 2 * BLOCKS) * ROWS];
  private Scratch sums = new Scratch(TILE * ROWS);

  private PanelProduct() {}

  static void multiply(
      PackedMatrix w,
      int fromRow,
      int toRow,
      BlockInput x,
      int fromToken,
      int toToken,
      float[] y,
      int yOffset,
      int yStride) {
    PanelProduct own = OWN.get();
    // Panels of eight tokens begin at multiples of eight.
    for (int t = fromToken; t < toToken; ) {
      int end = Math.min(toToken, (t / TILE + TOKENS / TILE) * TILE);
      own.tokens(w, fromRow, toRow, x, t, end, y, yOffset + (t - fromToken) * yStride, yStride);
      t = end;
    }
  }

  private void tokens(
      PackedMatrix w,
      int fromRow,
      int toRow,
      BlockInput x,
      int from,
      int to,
      float[] y,
      int yAt,
      int yStride) {
    int first = from / TILE * TILE;
    int tiles = (to - first + TILE - 1) / TILE;
    int size = tiles * TILE * ROWS;
    if (sums.length() < size) {
      sums = new Scratch(size);
    }
    for (int r = fromRow; r < toRow; r += ROWS) {
      sums.clear(size);
      int rows = Math.min(ROWS, toRow - r);
      for (int b = 0; b < x.blocks(); b += BLOCKS) {
        int count = Math.min(BLOCKS, x.blocks() - b);
        unpack(w, r, rows, b, count);
        for (int tile = 0; tile < tiles; tile++) {
          blocks(
              w.layout(),
              x,
              first + tile * TILE,
              b,
              count,
              rows,
              sums.address() + tile * TILE * COLUMN);
        }
      }
      for (int t = from; t < to; t++) {
        sums.get((t - first) * ROWS, y, yAt + (t - from) * yStride + r, rows);
      }
    }
  }

  private void unpack(PackedMatrix w, int r, int rows, int b, int count) {
    long groupBytes = w.layout().groupBytes(w.cols());
    long at = groupBytes * (r / PackedLayout.GROUP);
    codes.unpack(w.layout(), w.data(), at, b, count, panel.address(), 0, scales, mins);
    if (rows > PackedLayout.GROUP) {
      codes.unpack(
          w.layout(),
          w.data(),
          at + groupBytes,
          b,
          count,
          panel.address(),
          PackedLayout.GROUP,
          scales,
          mins);
    }
  }

  /** Adds the panel's blocks to a tile of tokens. */
  private void blocks(
      PackedLayout layout, BlockInput x, int t, int b, int count, int rows, long sumsAt) {
    int blocks = x.blocks();
    int tokens = Math.min(TILE, x.tokens() - t);
    boolean perBlock = layout.unit() == 32;
    float[] dx = x.scales();
    for (int i = 0; i < count; i++) {
      int xAt = t * x.cols() + (b + i) * 32 * TILE;
      int d = t * blocks + b + i;
      for (int v = 0; v < rows; v += 2 * L) {
        long to = sumsAt + 4 * v;
        long p = panel.address() + 32 * i * COLUMN + 4 * v;
        int scale = (perBlock ? i * ROWS : 0) + v;
        if (tokens == 1) {
          PanelTile.addOne(p, x.panels(), xAt, scales, scale, dx[d], to);
        } else {
          PanelTile.add(p, x.panels(), xAt, scales, scale, dx, d, blocks, to);
        }
        if (!layout.hasMins()) {
          continue;
        }
        int min = perBlock ? -1 : ROWS + 2 * i * ROWS + v;
        int q = 2 * (t * blocks + (b + i) * TILE);
        if (layout.halves()) {
          PanelTile.minima(mins, min, scale, x.panelSums(), q, dx, d, blocks, tokens, to);
        } else {
          PanelTile.minimum(mins, min, scale, x.panelSums(), q, dx, d, blocks, tokens, to);
        }
      }
    }
  }
}
