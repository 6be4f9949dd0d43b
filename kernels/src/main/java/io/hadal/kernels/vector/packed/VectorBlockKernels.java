package io.hadal.kernels.vector.packed;

import io.hadal.kernels.BlockInput;
import io.hadal.kernels.BlockKernels;
import io.hadal.kernels.PackedMatrix;
import io.hadal.kernels.packed.PackedLayout;
import io.hadal.kernels.packed.ProductArguments;
import io.hadal.kernels.vector.Width;
import java.util.Arrays;
import java.util.List;

/** Block-integer products on the Vector API. */
public final class VectorBlockKernels implements BlockKernels {
  /** Groups of rows side by side. */
  static final int SIDE_BY_SIDE = 8;

  /** Up to this many tokens each gets its own pass over the weights. */
  private static final int ROW_TOKENS = 2;

  private static final ThreadLocal<float[]> SUMS =
      ThreadLocal.withInitial(() -> new float[16 * SIDE_BY_SIDE]);

  // Choices of the start-up test. Readers that still see the old one compute the same.
  private final BlockInput.Form[] few = standard(1);
  private final BlockInput.Form[] many = standard(ROW_TOKENS + 1);

  /** False where the JVM denies native access: panels lie outside the heap. */
  public static boolean usable() {
    return Scratch.MEMORY.byteSize() > 0;
  }

  @Override
  public String name() {
    return "vector-" + Width.BITS;
  }

  @Override
  public int tile() {
    return BlockInput.PANEL;
  }

  /** A multiple of what {@link BlockProduct} and {@link TripleProduct} take together. */
  @Override
  public int strip() {
    return 6 * PackedLayout.GROUP;
  }

  @Override
  public int sideBySide() {
    return SIDE_BY_SIDE * PackedLayout.GROUP;
  }

  @Override
  public void prepare(BlockInput x, int tokens, int cols, PackedMatrix w, int together) {
    x.begin(tokens, cols, form(w.layout(), together));
  }

  private BlockInput.Form form(PackedLayout layout, int together) {
    return (together > ROW_TOKENS ? many : few)[layout.ordinal()];
  }

  private static BlockInput.Form[] standard(int together) {
    return Arrays.stream(PackedLayout.values())
        .map(layout -> forms(layout, together).getFirst())
        .toArray(BlockInput.Form[]::new);
  }

  @Override
  public List<BlockInput.Form> forms(PackedMatrix w, int together) {
    return forms(w.layout(), together);
  }

  private static List<BlockInput.Form> forms(PackedLayout layout, int together) {
    if (together > ROW_TOKENS && (TripleProduct.handles(layout) || BlockProduct.handles(layout))) {
      return List.of(BlockInput.Form.TILES, BlockInput.Form.PANELS);
    }
    PackedRows rows = PackedKernels.rows(layout);
    if (rows == null) {
      return List.of(BlockInput.Form.PANELS);
    }
    return together <= ROW_TOKENS || ShortProduct.handles(layout)
        ? List.of(rows.form(), BlockInput.Form.PANELS)
        : List.of(BlockInput.Form.PANELS, rows.form());
  }

  @Override
  public void choose(PackedMatrix w, int together, BlockInput.Form form) {
    (together > ROW_TOKENS ? many : few)[w.layout().ordinal()] = form;
  }

  @Override
  public void multiply(
      PackedMatrix w,
      int fromRow,
      int toRow,
      BlockInput x,
      int fromToken,
      int toToken,
      float[] y,
      int yOffset,
      int yStride) {
    ProductArguments.check(w, fromRow, toRow, x, fromToken, toToken, y, yOffset, yStride);
    if (x.form() == BlockInput.Form.TILES && TripleProduct.handles(w.layout())) {
      TripleProduct.multiply(w, fromRow, toRow, x, fromToken, toToken, y, yOffset, yStride);
      return;
    }
    if (x.form() == BlockInput.Form.TILES && BlockProduct.handles(w.layout())) {
      BlockProduct.multiply(w, fromRow, toRow, x, fromToken, toToken, y, yOffset, yStride);
      return;
    }
    PackedRows rows = PackedKernels.rows(w.layout());
    if (x.form() == BlockInput.Form.PANELS || rows == null) {
      PanelProduct.multiply(w, fromRow, toRow, x, fromToken, toToken, y, yOffset, yStride);
      return;
    }
    if (x.form() != rows.form()) {
      throw new IllegalArgumentException("inputs were prepared for another type than " + w);
    }
    if (toToken - fromToken > ROW_TOKENS && ShortProduct.handles(w.layout())) {
      ShortProduct.multiply(w, fromRow, toRow, x, fromToken, toToken, y, yOffset, yStride);
      return;
    }
    for (int t = fromToken; t < toToken; t++) {
      direct(rows, w, fromRow, toRow, x, t, y, yOffset + (t - fromToken) * yStride);
    }
  }

  private static void direct(
      PackedRows rows,
      PackedMatrix w,
      int fromRow,
      int toRow,
      BlockInput x,
      int t,
      float[] y,
      int yAt) {
    float[] sums = SUMS.get();
    long groupBytes = w.layout().groupBytes(w.cols());
    int step = SIDE_BY_SIDE * PackedLayout.GROUP;
    for (int r = fromRow; r < toRow; r += step) {
      int count = Math.min(step, toRow - r);
      int groups = (count + PackedLayout.GROUP - 1) / PackedLayout.GROUP;
      Arrays.fill(sums, 0, groups * PackedLayout.GROUP, 0);
      long at = groupBytes * (r / PackedLayout.GROUP);
      rows.rows(w.data(), at, groupBytes, groups, x.blocks(), x, t, sums);
      System.arraycopy(sums, 0, y, yAt + r, count);
    }
  }
}
