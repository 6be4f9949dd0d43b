package io.hadal.kernels.foreign;

import io.hadal.kernels.BlockInput;
import io.hadal.kernels.BlockKernels;
import io.hadal.kernels.PackedMatrix;
import io.hadal.kernels.packed.PackedLayout;
import io.hadal.kernels.packed.ProductArguments;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Objects;

/** Block-integer products in C: AVX-512 VNNI for few tokens, AMX tiles for many. */
public final class NativeBlockKernels implements BlockKernels {
  private static final ThreadLocal<MemorySegment> SCRATCH =
      ThreadLocal.withInitial(() -> MemorySegment.NULL);

  /** Tokens that lie together for tiles; up to this many lie by themselves. */
  private static final int ROW_TOKENS = 4;

  private static final int TILE = 16;
  private static final BlockInput.OrderedForm[] FORMS = forms();

  private final int features;

  /**
   * @param features of the CPU, those that may be used
   */
  public NativeBlockKernels(int features) {
    this.features = features;
  }

  private static BlockInput.OrderedForm[] forms() {
    PackedLayout[] layouts = PackedLayout.values();
    BlockInput.OrderedForm[] forms = new BlockInput.OrderedForm[layouts.length];
    for (PackedLayout layout : layouts) {
      byte[] order = LayoutOrder.of(layout);
      forms[layout.ordinal()] = (to, t, x, offset) -> quantize(order, to, t, x, offset);
    }
    return forms;
  }

  private static void quantize(byte[] order, BlockInput to, int t, float[] x, int offset) {
    Objects.checkIndex(t, to.tokens());
    Objects.checkFromIndexSize(offset, to.cols(), x.length);
    NativeCalls.quantize(order, to, t, x, offset);
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
    x.begin(tokens, cols, together > ROW_TOKENS ? TILE : 1, FORMS[w.layout().ordinal()]);
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
