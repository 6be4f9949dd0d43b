package io.hadal.kernels.foreign;

import io.hadal.kernels.BlockInput;
import io.hadal.kernels.BlockKernels;
import io.hadal.kernels.PackedMatrix;
import io.hadal.kernels.packed.PackedLayout;
import io.hadal.kernels.packed.ProductArguments;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** Block-integer products in C: AVX-512 VNNI for few tokens, AMX tiles for many. */
public final class NativeBlockKernels implements BlockKernels {
  private static final ThreadLocal<MemorySegment> SCRATCH =
      ThreadLocal.withInitial(() -> MemorySegment.NULL);

  /** Tokens that lie together for tiles; up to this many lie by themselves. */
  private static final int ROW_TOKENS = 4;

  private static final int TILE = 16;
  private static final byte[][] ORDERS = orders();

  private final int features;

  /**
   * @param features of the CPU, those that may be used
   */
  public NativeBlockKernels(int features) {
    this.features = features;
  }

  private static byte[][] orders() {
    PackedLayout[] layouts = PackedLayout.values();
    byte[][] orders = new byte[layouts.length][];
    for (PackedLayout layout : layouts) {
      orders[layout.ordinal()] = LayoutOrder.of(layout);
    }
    return orders;
  }

  @Override
  public String name() {
    return CpuFeatures.name(features);
  }

  @Override
  public int tile() {
    return TILE;
  }

  @Override
  public void prepare(BlockInput x, int tokens, int cols, PackedMatrix w, int together) {
    x.begin(tokens, cols, ORDERS[w.layout().ordinal()], together > ROW_TOKENS ? TILE : 1);
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
    if (fromRow == toRow || fromToken == toToken) {
      return;
    }
    PackedLayout layout = w.layout();
    long groupBytes = layout.groupBytes(w.cols());
    int tokens = toToken - fromToken;
    NativeCalls.product(
        features,
        layout.ordinal(),
        w.data().asSlice(groupBytes * (fromRow / PackedLayout.GROUP)),
        groupBytes,
        toRow - fromRow,
        x.blocks(),
        x,
        fromToken,
        tokens,
        y,
        yOffset + fromRow,
        yStride,
        LayoutOrder.tables(layout),
        scratch(NativeCalls.scratch(x.blocks(), tokens)));
  }

  private static MemorySegment scratch(long bytes) {
    MemorySegment scratch = SCRATCH.get();
    if (scratch.byteSize() < bytes) {
      scratch = Arena.ofAuto().allocate(bytes, 64);
      SCRATCH.set(scratch);
    }
    return scratch;
  }
}
